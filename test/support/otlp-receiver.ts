import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import grpc, { type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { own } from '../harness/own.ts';

/** OpenTelemetry's own: https://github.com/open-telemetry/opentelemetry-proto, 1.9.0 and what came after it. */
const PROTO = fileURLToPath(new URL('otlp', import.meta.url));
const { 'opentelemetry.proto.collector.trace.v1.TraceService': SERVICE } = loadSync(
  'opentelemetry/proto/collector/trace/v1/trace_service.proto',
  { includeDirs: [PROTO], longs: String, enums: String, oneofs: true },
);
const EXPORT = (SERVICE as unknown as { Export: MethodDefinition<Request, object> }).Export;

/** A span as it was sent. */
export interface SentSpan {
  name: string;
  kind: string;
  traceId: string;
  id: string;
  /** Empty: it has none. */
  parentId: string;
  attributes: Record<string, unknown>;
  /** `UNSET`, `OK` or `ERROR`. */
  status: string;
  /** What its status says. */
  message: string;
  events: { name: string; attributes: Record<string, unknown> }[];
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  /** What is said of the process. */
  resource: Record<string, unknown>;
}

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
        Export: (call: grpc.ServerUnaryCall<Request, object>, done: grpc.sendUnaryData<object>) => {
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
  async #take(request: Request): Promise<number | undefined> {
    const status = await this.#before(this.headers.length);
    if (status !== undefined) return status;
    this.spans.push(...spansOf(request));
    for (const look of this.#waiting) look();
    return undefined;
  }
}

/** What @grpc/proto-loader makes of ExportTraceServiceRequest. */
interface Request {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { spans: RawSpan[] }[];
  }[];
}
interface KeyValue {
  key: string;
  value: { value: string; [kind: string]: unknown };
}
interface RawSpan {
  name: string;
  kind: string;
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId?: Buffer;
  attributes?: KeyValue[];
  status?: { code?: string; message?: string };
  events?: { name: string; attributes?: KeyValue[] }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

function spansOf({ resourceSpans }: Request): SentSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: span.kind.replace('SPAN_KIND_', ''),
        traceId: span.traceId.toString('hex'),
        id: span.spanId.toString('hex'),
        parentId: span.parentSpanId?.toString('hex') ?? '',
        attributes: valuesOf(span.attributes),
        status: (span.status?.code ?? 'STATUS_CODE_UNSET').replace('STATUS_CODE_', ''),
        message: span.status?.message ?? '',
        events: (span.events ?? []).map(({ name, attributes }) => ({
          name,
          attributes: valuesOf(attributes),
        })),
        start: Number(span.startTimeUnixNano) / 1e6,
        end: Number(span.endTimeUnixNano) / 1e6,
        resource: valuesOf(resource.attributes),
      })),
    ),
  );
}

function valuesOf(pairs: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(one: KeyValue['value']): unknown {
  const kind = one.value;
  const value = one[kind];
  if (kind === 'intValue') return Number(value);
  if (kind === 'arrayValue') return (value as { values: KeyValue['value'][] }).values.map(valueOf);
  return value;
}

function has(span: SentSpan, { attributes = {}, ...wanted }: Partial<SentSpan>): boolean {
  const fits = (of: object, parts: object) =>
    Object.entries(parts).every(([name, value]) => (of as Record<string, unknown>)[name] === value);
  return fits(span, wanted) && fits(span.attributes, attributes);
}
