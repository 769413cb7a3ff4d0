import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IContainer, IProbe } from 'kubernetes-models/v1';
import type { LogLine } from '../harness/log-lines.ts';
import { startOwnService } from '../harness/own-service.ts';
import type { ServiceProcess } from '../harness/service.ts';
import { POD_NAME } from './names.ts';

/** What the downward API would say. */
const FIELDS: Record<string, string> = {
  'metadata.name': POD_NAME,
  'metadata.namespace': 'default',
  'spec.nodeName': 'node-1',
  'status.hostIP': '127.0.0.1',
};

/**
 * Everything in a container's environment, with the references looked up as far as a test can. As the kubelet does, `$(NAME)`
 * is that variable if it stands before.
 */
export function environmentOf({ env = [] }: IContainer): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const field = valueFrom?.fieldRef?.fieldPath;
    const text = value ?? (field === undefined ? 'from elsewhere' : (FIELDS[field] ?? `no ${field}`));
    environment[name] = text.replaceAll(/\$\((\w+)\)/g, (as, other: string) => environment[other] ?? as);
  }
  return environment;
}

const TIME_OUT = 'no answer in time';

export interface PodAnswer {
  status: number;
  body: string;
  connection: string | undefined;
  retryAfter: string | undefined;
}

/** The built service as a process, with the environment of a rendered container and nothing else. */
export class PodProcess {
  readonly #container: IContainer;
  readonly #service: ServiceProcess;

  /** @param mounts folders of the container that are elsewhere on this machine */
  constructor(container: IContainer, mounts: Record<string, string> = {}) {
    this.#container = container;
    const env = withKnownNodeOptions(environmentOf(container));
    for (const [inside, outside] of Object.entries(mounts)) {
      for (const [name, value] of Object.entries(env)) env[name] = value.replace(inside, outside);
    }
    this.#service = startOwnService(env, { bare: true });
  }

  /** The first line of the log that fits, as soon as it is there. Rejects if the process ends without it. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    return this.#service.line(fits);
  }

  async state(state: string): Promise<LogLine> {
    return this.line((line) => line.event === 'lifecycle' && line.state === state);
  }

  /**
   * Sends a probe as the kubelet does. True: success, which is any status from 200 to 399. An answer decides at once;
   * where none comes in time, the machine may be busy, and the kubelet would not act either before `failureThreshold`.
   */
  async probe(probe: IProbe | undefined, userAgent = 'kube-probe/1.36'): Promise<boolean> {
    const { httpGet, timeoutSeconds = 1, failureThreshold = 3 } = probe ?? {};
    if (httpGet === undefined) throw new Error('no httpGet probe');
    for (let tries = 0; tries < failureThreshold; tries++) {
      try {
        const answer = await this.get(httpGet.port, httpGet.path ?? '/', userAgent, timeoutSeconds * 1000);
        return answer.status >= 200 && answer.status < 400;
      } catch (error) {
        if (!(error instanceof Error) || error.message !== TIME_OUT) return false;
      }
    }
    return false;
  }

  /** The name of the first of its ports for traffic. */
  get traffic(): string {
    return this.#container.ports?.[0]?.name ?? 'http';
  }

  /** GET on a new connection, by the name or number of the container's port; HTTPS by its name, whoever signed for it. */
  async get(
    port: string | number,
    path: string,
    userAgent: string,
    timeoutMs: number,
    connection = 'close',
  ): Promise<PodAnswer> {
    const number = this.#container.ports?.find(({ name }) => name === port)?.containerPort ?? port;
    const headers = { 'User-Agent': userAgent, Accept: '*/*', Connection: connection };
    const request = port === 'https' ? httpsRequest : httpRequest;
    const options = { host: '127.0.0.1', port: number, path, headers, agent: false as const };
    const req = request({ ...options, rejectUnauthorized: false });
    req.setTimeout(timeoutMs, () => req.destroy(new Error(TIME_OUT)));
    req.end();
    return new Promise((resolve, reject) => {
      req.once('error', reject).once('response', (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (text: string) => (body += text));
        res.once('error', reject).once('end', () => {
          req.destroy();
          const { connection, 'retry-after': retryAfter } = res.headers;
          resolve({ status: res.statusCode ?? 0, body, connection, retryAfter });
        });
      });
    });
  }

  /** As the kubelet asks a container to leave. */
  terminate(): void {
    this.#service.kill('SIGTERM');
  }

  async exit(): Promise<number | null> {
    return (await this.#service.ended).code;
  }

  /** Ends the process whatever it does; for a test that failed. */
  async kill(): Promise<void> {
    this.#service.kill('SIGKILL');
    await this.exit();
  }
}

/**
 * The image has a newer Node, and the tests also run on older ones, which refuse to start with the flag for the
 * heap. Where this Node knows it, it stays.
 */
function withKnownNodeOptions(env: Record<string, string>): Record<string, string> {
  const { NODE_OPTIONS = '', ...rest } = env;
  const known = NODE_OPTIONS.split(' ').filter(
    (flag) =>
      !flag.startsWith('--max-old-space-size-percentage=') ||
      process.allowedNodeEnvironmentFlags.has('--max-old-space-size-percentage'),
  );
  return { ...rest, NODE_OPTIONS: known.join(' ') };
}
