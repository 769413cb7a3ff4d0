// What reading /metrics costs: the longest stall of the event loop while it serves, and the time that it takes.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Contestant, naive } from '../contestants.ts';
import type { Measure } from '../measure.ts';
import type { Counts, Row } from '../results.ts';
import type { Server } from '../server.ts';

const ROUTES = 500;
const SERIES = 2000;
const CONNECTIONS = 64;
const SECONDS = 2;
const QUICK_SECONDS = 1;
const READ_EVERY_MS = 200;
const READS = 20;

/** Under load, with 2,000 series, read as often as no Prometheus does. */
export function stall(contestants: Contestant[]): Measure {
  return {
    name: 'stall',
    family: 'service',
    baseline: naive.name,
    contestants,
    rows: [
      stallRow(
        'stall',
        'longest stall of the event loop under load, `/metrics` with 2,000 series being read',
        'stallSeconds',
      ),
      { ...stallRow('stall-unread', 'the same, nobody reading', 'unreadStallSeconds'), aside: true },
    ],
    prepare: async (contestant, { start, generator, quick }) => {
      const server = await start(contestant, { env: { ROUTES: String(ROUTES) }, asked: true });
      const series = await fill(server, SERIES);
      const seconds = quick ? QUICK_SECONDS : SECONDS;
      const serve = async () =>
        generator.load({ port: server.port, path: '/', connections: CONNECTIONS, seconds });
      const longest = async () => Number(await server.ask('stall'));
      await serve(); // warm-up
      return async () => {
        await longest();
        await serve();
        const unreadStallSeconds = await longest();
        const serving = serve();
        const until = performance.now() + seconds * 1000;
        let reads = 0;
        for (; performance.now() < until; reads++) {
          await server.operate('/metrics');
          await sleep(READ_EVERY_MS);
        }
        await serving;
        return { series, reads, unreadStallSeconds, stallSeconds: await longest() };
      };
    },
  };
}

function stallRow(name: string, title: string, of: string): Row {
  return {
    name,
    title,
    formula: { of, times: 1000 },
    unit: 'ms',
    better: 'less',
    goal: '≤ 10 ms',
    shown: 'value',
  };
}

/** How long one read takes that nothing disturbs. */
export function reading(series: number, contestants: Contestant[]): Measure {
  const name = `metrics-${series}`;
  return {
    name,
    group: 'metrics',
    family: 'growth',
    baseline: naive.name,
    contestants,
    rows: [
      {
        name,
        title: `one read of \`/metrics\` with ${series.toLocaleString('en')} series`,
        formula: { of: 'seconds', per: 'reads', times: 1000 },
        unit: 'ms',
        better: 'less',
        shown: 'ratio',
      },
    ],
    prepare: async (contestant, { start, quick }) => {
      const server = await start(contestant, { env: { ROUTES: String(ROUTES) } });
      const filled = await fill(server, series);
      const take = async (): Promise<Counts> => {
        const reads = quick ? 2 : READS;
        const startedAt = performance.now();
        for (let i = 0; i < reads; i++) await server.operate('/metrics');
        return { series: filled, reads, seconds: (performance.now() - startedAt) / 1000 };
      };
      await take(); // warm-up
      return take;
    },
  };
}

/** Asks for one route after the other until there are so many series; returns how many there are. */
async function fill(server: Server, series: number): Promise<number> {
  let there = await count(server);
  let perRoute = 1;
  for (let asked = 0; there < series;) {
    const more = asked === 0 ? 1 : Math.ceil((series - there) / perRoute);
    if (asked + more > ROUTES) throw new Error(`${ROUTES} routes make ${there} series, not ${series}`);
    for (const end = asked + more; asked < end; asked++) {
      await (await fetch(`http://127.0.0.1:${server.port}/routes/${asked}`)).text();
    }
    const before = there;
    there = await count(server);
    perRoute = Math.max(1, (there - before) / more);
  }
  return there;
}

async function count(server: Server): Promise<number> {
  const text = await server.operate('/metrics');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
