import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import grpc from '@grpc/grpc-js';
import { own } from '../harness/own.ts';
import { EXPORT, type SentSpan, spansOf, type TraceRequest } from './otlp.ts';

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  spans: SentSpan[];
  /** The headers of each export, or its metadata. */
  headers: Record<string, unknown>[];
  /** The first span, past or future, that has all of these; a part of its attributes is enough. */
  span: (wanted: Partial<SentSpan>) => Promise<SentSpan>;
}

export interface ReceiverOptions {
  protocol?: 'http/protobuf' | 'grpc';
  /** Comes before each answer, and may be late; a status that it returns is the answer: `503`. */
  before?: (nth: number) => Promise<number | undefined>;
}

/** A collector that keeps what it gets. It ends with the test. */
export async function otlpReceiver(options: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const receiver = new Receiver(options);
  await (options.protocol === 'grpc' ? receiver.listenForGrpc() : receiver.listen());
  return receiver;
}

class Receiver implements OtlpReceiver {
  url = '';
  readonly spans: SentSpan[] = [];
  readonly headers: Record<string, unknown>[] = [];
  readonly #before: NonNullable<ReceiverOptions['before']>;
  readonly #waiting = new Set<() => void>();

  constructor({ before = async () => undefined }: ReceiverOptions) {
    this.#before = before;
  }

  async span(wanted: Partial<SentSpan>): Promise<SentSpan> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.spans.find((span) => has(span, wanted));
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async listen(): Promise<void> {
    const server = http.createServer((req, res) => void this.#answer(req, res));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    own(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async listenForGrpc(): Promise<void> {
    const server = new grpc.Server();
    server.addService(
      { Export: EXPORT },
      {
        Export: (call: grpc.ServerUnaryCall<TraceRequest, object>, done: grpc.sendUnaryData<object>) => {
          this.headers.push(call.metadata.getMap());
          void this.#take(call.request).then((status) =>
            status === undefined
              ? done(null, {})
              : done({ code: grpc.status.UNAVAILABLE, details: `says ${status}` }),
          );
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    own(() => server.forceShutdown());
    this.url = `http://127.0.0.1:${port}`;
  }

  async #answer(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const { method, url, headers } = req;
    this.headers.push(headers);
    const body = Buffer.concat(await req.toArray());
    if (`${method} ${url} ${headers['content-type']}` !== 'POST /v1/traces application/x-protobuf') {
      res.writeHead(404).end();
      return;
    }
    const request = EXPORT.requestDeserialize(
      headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
    );
    const status = await this.#take(request);
    if (status === undefined) {
      res.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end(EXPORT.responseSerialize({}));
    } else res.writeHead(status).end();
  }

  /** Takes what was sent, or returns the status of its refusal. */
  async #take(request: TraceRequest): Promise<number | undefined> {
    const status = await this.#before(this.headers.length);
    if (status !== undefined) return status;
    this.spans.push(...spansOf(request));
    for (const look of this.#waiting) look();
    return undefined;
  }
}

function has(span: SentSpan, { attributes = {}, ...wanted }: Partial<SentSpan>): boolean {
  const fits = (of: object, parts: object) =>
    Object.entries(parts).every(([name, value]) => (of as Record<string, unknown>)[name] === value);
  return fits(span, wanted) && fits(span.attributes, attributes);
}
