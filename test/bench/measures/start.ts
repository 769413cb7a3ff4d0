// From the spawn to the first 200, and what the process weighs then.
import { setTimeout as sleep } from 'node:timers/promises';
import { BASELINE, type Contestant } from '../contestants.ts';
import type { Measure } from '../measure.ts';

/** In which a process that has just started comes to rest. */
const REST_MS = 1000;

export function start(contestants: Contestant[]): Measure {
  return {
    name: 'start',
    family: 'service',
    baseline: BASELINE,
    contestants,
    rows: [
      {
        name: 'start',
        title: 'spawn → first 200 of `/readyz` (peers: of `/`)',
        formula: { of: 'seconds', times: 1000 },
        unit: 'ms',
        better: 'less',
        goal: '≤ 1.3',
        shown: 'ratio',
      },
      {
        name: 'start-cpu',
        title: 'start: processor time',
        formula: { of: 'startCpuSeconds', times: 1000 },
        unit: 'ms',
        better: 'less',
        shown: 'ratio',
        aside: true,
      },
      {
        name: 'rest',
        title: 'RSS at rest',
        formula: { of: 'rssBytes', times: 1e-6 },
        unit: 'MB',
        better: 'less',
        goal: '≤ 1.20',
        shown: 'ratio',
      },
    ],
    prepare: async (contestant, context) => {
      const take = async () => {
        const server = await context.start(contestant);
        const startCpuSeconds = server.cpuSeconds();
        await sleep(context.quick ? 0 : REST_MS);
        const sample = { seconds: server.startSeconds, startCpuSeconds, rssBytes: server.rssBytes() };
        await server.kill();
        return sample;
      };
      await take(); // what it reads is in the cache of the kernel from now on
      return take;
    },
  };
}
