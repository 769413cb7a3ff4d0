// Requests per second on kept-alive connections, with everything on.
import { BASELINE, type Contestant } from '../contestants.ts';
import type { Ask, Tally } from '../load/ask.ts';
import type { Context, Measure } from '../measure.ts';
import { BUSY, type Family, type Row } from '../results.ts';
import type { Server } from '../server.ts';

const CONNECTIONS = 64;
const SECONDS = 2;
const QUICK_SECONDS = 1; // wrk knows no less
const WARM_UPS = 2;

export interface Request {
  path: string;
  body?: string;
  status: number;
}

export interface ThroughputOptions {
  name: string;
  title: string;
  group?: string;
  family?: Family;
  goal?: string;
  contestants: Contestant[];
  /** What a contestant is asked for. */
  request: (contestant: Contestant) => Request;
  /** Of the servers. */
  env?: (context: Context) => Record<string, string>;
}

/** How often a request is answered in a second, and the processor time that an answer takes. */
export function throughput({
  title,
  goal,
  request,
  env,
  family = 'service',
  ...own
}: ThroughputOptions): Measure {
  return {
    ...own,
    family,
    baseline: BASELINE,
    rows: rowsOf(own.name, title, goal),
    prepare: async (contestant, context) => {
      const server = await context.start(contestant, { env: env?.(context) ?? {} });
      const asked = request(contestant);
      await check(server.port, asked);
      const take = sampler(server, asked, context);
      for (let i = 0; i < WARM_UPS; i++) await take();
      return take;
    },
  };
}

function rowsOf(name: string, title: string, goal: string | undefined): Row[] {
  const rate: Row = {
    name,
    title,
    formula: { of: 'answers', per: 'seconds' },
    unit: 'requests/s',
    better: 'more',
    shown: 'ratio',
    ...(goal !== undefined && { goal }),
  };
  const processorTime: Row = {
    name: `${name}-cpu`,
    title: `${title}: processor time`,
    formula: { of: 'cpuSeconds', per: 'answers', times: 1e6 },
    unit: 'µs each',
    better: 'less',
    shown: 'ratio',
    aside: true,
  };
  const busy: Row = {
    name: `${name}-busy`,
    title: `${title}: part of its core that the server used`,
    formula: BUSY,
    unit: '',
    better: 'more',
    shown: 'value',
    aside: true,
  };
  return [rate, processorTime, busy];
}

function sampler(server: Server, { path, body, status }: Request, { generator, quick }: Context) {
  const ask: Ask = {
    port: server.port,
    path,
    connections: CONNECTIONS,
    seconds: quick ? QUICK_SECONDS : SECONDS,
    ...(body !== undefined && { body }),
  };
  return async () => {
    const before = server.cpuSeconds();
    const tally = await generator.load(ask);
    const cpuSeconds = server.cpuSeconds() - before;
    expectAll(tally, status, path);
    return { answers: tally.answers, seconds: tally.seconds, cpuSeconds };
  };
}

/** An answer with another status, or none, is a different measure. */
function expectAll({ answers, refusals, broken }: Tally, status: number, path: string): void {
  const expected = status >= 400 ? answers : 0;
  if (refusals === expected && broken === 0 && answers > 0) return;
  throw new Error(
    `${path}: ${answers} answers, ${refusals} of 400 and more, ${broken} broken; expected ${status}`,
  );
}

async function check(port: number, { path, body, status }: Request): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...(body !== undefined && { method: 'POST', body, headers: { 'Content-Type': 'application/json' } }),
  });
  const text = await answer.text();
  if (answer.status !== status)
    throw new Error(`${path} answers ${answer.status}, expected ${status}: ${text}`);
  if (body !== undefined && text !== body) throw new Error(`${path} answers something else than it was sent`);
}
