import { type IncomingMessage, request } from 'node:http';
import { causeOf } from './exchange.ts';
import { keepOpen } from './lasting.ts';
import type { LoadParts } from './parts.ts';

/** An event stream that is opened again whenever it ends; one that breaks off is lost. Resolves after `stop`. */
export async function keepStream(parts: LoadParts, node: number, stop: AbortSignal): Promise<void> {
  const { plan, service } = parts;
  const path = plan.routes.stream;
  await keepOpen(parts, { kind: 'stream', path }, stop, ({ ended, lost }) => {
    const createConnection = () => service.connect(node);
    const headers = { Accept: 'text/event-stream', ...plan.headers };
    const req = request({ host: 'service', path, headers, createConnection });
    const timer = setTimeout(() => {
      lost('timeout', `no answer after ${plan.timeoutMs} ms`);
      req.destroy();
    }, plan.timeoutMs);
    req.once('close', () => clearTimeout(timer));
    let answer: IncomingMessage | undefined;
    const route = () => (req.socket === null ? undefined : service.routeOf(req.socket, answer));
    req.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      lost(causeOf(code, route(), false), code ?? message);
    });
    req.once('response', (res) => {
      answer = res;
      clearTimeout(timer); // it has begun: now it may be silent for as long as it likes
      res.once('error', ({ code, message }: NodeJS.ErrnoException) => lost('broken', code ?? message));
      res.once('end', () => {
        if ((res.statusCode ?? 0) < 400) ended();
        else lost('status', `status ${res.statusCode}`);
      });
      res.resume();
    });
    req.end();
    return { route, abort: () => req.destroy() };
  });
}
