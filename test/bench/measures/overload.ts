// Three times as many requests as the server can answer, beside what it can do: how many it answers, how long those take,
// and whether the kubelet gets its answers meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from '../contestants.ts';
import { type AskOfCrowd, crowd } from '../load/crowd.ts';
import type { Measure } from '../measure.ts';
import type { Row } from '../results.ts';
import type { Server } from '../server.ts';

const ROUNDS = 3;
const SECONDS = 4;
const QUICK_SECONDS = 1;
/** So many connections keep it busy, and let nobody wait for long. */
const CONNECTIONS = 8;
/** Of the capacity. */
const CALM = 0.3;
const TOO_MUCH = 3;
const CROWD = { warmUpSeconds: 1, patienceSeconds: 1, retries: 0, mostConnections: 1000 };
const RETRIES = 3;
const PROBE_EVERY_MS = 50;

export interface OverloadOptions {
  name: string;
  /** What the work is. */
  title: string;
  path: string;
  keepAlive?: boolean;
  contestants: Contestant[];
  baseline: string;
}

export function overload({
  name,
  title,
  path,
  keepAlive = true,
  contestants,
  baseline,
}: OverloadOptions): Measure {
  return {
    name,
    group: 'overload',
    family: 'overload',
    baseline,
    contestants,
    rows: rowsOf(name, title, keepAlive),
    most: ROUNDS,
    prepare: async (contestant, { start, generator, quick }) => {
      const server = await start(contestant);
      const { port } = server;
      const seconds = quick ? QUICK_SECONDS : SECONDS;
      const capacity = async () => generator.load({ port, path, connections: CONNECTIONS, seconds });
      await capacity(); // warm-up
      return async () => {
        const { answers, seconds: took } = await capacity();
        const possible = answers / took;
        const ask = async (more: Pick<AskOfCrowd, 'perSecond'> & Partial<AskOfCrowd>) =>
          crowd({ ...CROWD, port, path, keepAlive, seconds, ...more });
        const calm = await ask({ perSecond: CALM * possible });
        const probing = probe(server);
        const loaded = await ask({ perSecond: TOO_MUCH * possible });
        const slowestProbeSeconds = await probing();
        const storm = await ask({ perSecond: TOO_MUCH * possible, retries: RETRIES });
        return {
          possible: possible * seconds,
          calmP99Seconds: calm.p99Seconds,
          ...loaded,
          slowestProbeSeconds,
          servedInStorm: storm.served,
        };
      };
    },
  };
}

/** Asks as the kubelet and Prometheus do, on new connections, until the returned function is called. */
function probe(server: Server): () => Promise<number> {
  let slowest = 0;
  const over = new AbortController();
  const asking = (async () => {
    for (let nth = 0; !over.signal.aborted; nth++) {
      const askedAt = performance.now();
      await server.operate(nth % 5 === 0 ? '/metrics' : '/livez');
      slowest = Math.max(slowest, (performance.now() - askedAt) / 1000);
      await sleep(PROBE_EVERY_MS);
    }
  })();
  return async () => {
    over.abort();
    await asking;
    return slowest;
  };
}

function rowsOf(name: string, title: string, hasGoals: boolean): Row[] {
  const row = { shown: 'value' as const };
  const goal = (text: string) => (hasGoals ? { goal: text } : {});
  return [
    {
      ...row,
      name: `${name}-goodput`,
      title: `${title}: served of what is possible`,
      formula: { of: 'served', per: 'possible' },
      unit: '',
      better: 'more',
      ...goal('≥ 0.80'),
    },
    {
      ...row,
      name: `${name}-storm`,
      title: `${title}: the same, when each refusal is retried three times at once`,
      formula: { of: 'servedInStorm', per: 'possible' },
      unit: '',
      better: 'more',
      ...goal('≥ 0.70'),
    },
    {
      ...row,
      name: `${name}-lost`,
      title: `${title}: without an answer for a second, of all that was asked`,
      formula: { of: 'lost', per: 'asked' },
      unit: '',
      better: 'less',
    },
    {
      ...row,
      name: `${name}-p99`,
      title: `${title}: p99 of what is served, to that without load`,
      formula: { of: 'p99Seconds', per: 'calmP99Seconds' },
      unit: '',
      better: 'less',
      ...goal('< 10'),
    },
    {
      ...row,
      name: `${name}-probe`,
      title: `${title}: slowest probe or scrape`,
      formula: { of: 'slowestProbeSeconds', times: 1000 },
      unit: 'ms',
      better: 'less',
      ...goal('< 1,000 ms'),
    },
  ];
}
