// Measures one after the other, and the contestants of each in turns: what else the machine does hits all alike.
import type { Contestant } from './contestants.ts';
import type { Generator } from './load/ask.ts';
import type { Context, Measure } from './measure.ts';
import type { Counts, MeasureResult } from './results.ts';
import { type Server, startServer } from './server.ts';

export interface RunOptions {
  generator: Generator;
  quick: boolean;
  rounds: number;
  pinned: string[];
  target: Context['target'];
  /** Those that take part. */
  takesPart: (contestant: Contestant) => boolean;
  /** Tells how far it is. */
  say: (text: string) => void;
  /** Hears who has failed, and how: the others go on. */
  onFailure: (contestant: string, error: unknown) => void;
}

export async function runMeasure(measure: Measure, options: RunOptions): Promise<MeasureResult> {
  const { generator, quick, target, pinned, takesPart, say, onFailure } = options;
  const rounds = Math.min(options.rounds, measure.most ?? Infinity);
  const servers: Server[] = [];
  const context: Context = {
    generator,
    quick,
    target,
    start: async (contestant, own) => {
      const server = await startServer(contestant, { pinned, ...own });
      servers.push(server);
      return server;
    },
  };
  try {
    const takers = new Map<string, () => Promise<Counts>>();
    const samples: Record<string, Counts[]> = {};
    const failing = async (contestant: string, work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        takers.delete(contestant);
        delete samples[contestant];
        onFailure(contestant, error);
      }
    };
    for (const contestant of measure.contestants.filter(takesPart)) {
      const { name } = contestant;
      await failing(name, async () => {
        say(`${measure.name}: ${name} gets ready`);
        takers.set(name, await measure.prepare(contestant, context));
        samples[name] = [];
      });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const [name, take] of takers) {
        await failing(name, async () => {
          say(`${measure.name}: round ${round} of ${rounds}, ${name}`);
          samples[name]?.push(await take());
        });
      }
    }
    const { name, family, baseline, rows } = measure;
    return { name, family, baseline, rows, samples };
  } finally {
    await Promise.all(servers.map(async (server) => server.kill()));
  }
}
