// Measures one after the other, and the contestants of each in turns: what else the machine does hits all alike.
import type { Contestant } from './contestants.ts';
import type { Generator } from './load/load.ts';
import type { Context, Measure } from './measure.ts';
import type { Counts, MeasureResult } from './results.ts';
import { type Server, startServer } from './server.ts';

export interface RunOptions {
  generator: Generator;
  quick: boolean;
  rounds: number;
  pinned: string[];
  /** Those that take part. */
  takesPart: (contestant: Contestant, measure: Measure) => boolean;
  /** Tells how far it is. */
  say: (text: string) => void;
}

export async function runMeasure(measure: Measure, options: RunOptions): Promise<MeasureResult> {
  const { generator, quick, rounds, pinned, takesPart, say } = options;
  const servers: Server[] = [];
  const context: Context = {
    generator,
    quick,
    start: async (contestant, own) => {
      const server = await startServer(contestant, { pinned, ...own });
      servers.push(server);
      return server;
    },
  };
  try {
    const takers: [string, () => Promise<Counts>][] = [];
    for (const contestant of measure.contestants) {
      if (!takesPart(contestant, measure)) continue;
      say(`${measure.name}: ${contestant.name} gets ready`);
      takers.push([contestant.name, await measure.prepare(contestant, context)]);
    }
    const samples: Record<string, Counts[]> = Object.fromEntries(takers.map(([name]) => [name, []]));
    for (let round = 1; round <= rounds; round++) {
      for (const [name, take] of takers) {
        say(`${measure.name}: round ${round} of ${rounds}, ${name}`);
        samples[name]?.push(await take());
      }
    }
    const { name, title, baseline, rows } = measure;
    return { name, title, baseline, rows, samples };
  } finally {
    await Promise.all(servers.map(async (server) => server.kill()));
  }
}
