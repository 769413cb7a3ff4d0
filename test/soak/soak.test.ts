import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { soak } from './run.ts';

const MINUTES = 3;
const LEAKING = fileURLToPath(new URL('leaking.mjs', import.meta.url));

/** The samples, for a test that fails. */
function told(): { say: (text: string) => void; all: () => string } {
  const lines: string[] = [];
  return { say: (line) => void lines.push(line), all: () => lines.join('\n') };
}

test(
  `${MINUTES} minutes of everything at once leave nothing behind, nothing unexplained, and books that balance`,
  async () => {
    const { say, all } = told();
    const { findings } = await soak({ seconds: MINUTES * 60, say });
    if (findings.length > 0) process.stderr.write(`${all()}\n`);
    expect(findings).toEqual([]);
  },
  (MINUTES + 3) * 60_000,
);

test('a service that leaves something behind fails, and so does one that cuts what its clients wait for', async () => {
  const { findings } = await soak({ seconds: 20, preloads: [LEAKING], say: () => undefined });
  const said = findings.join('\n');
  for (const name of ['heapBytes', 'descriptors', 'timers', 'listeners']) {
    expect(said).toMatch(new RegExp(`^${name} has grown by `, 'm'));
  }
  expect(said).toMatch(/^kept alive: .*ECONNRESET/m);
  expect(said).toContain('it logged "leaking" (1 times)');
  expect(said).toMatch(/^http: of \d+, 0 cut, [1-9]\d* broken/m);
}, 180_000);
