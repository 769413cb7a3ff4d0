// Small programs with a known fault each: what the rehearsal says of them has to be true. GALLERY_RATE is another load.
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { otherProgram } from '../../rehearsal/subject/other-program.ts';
import type { Finding, Result } from '../../rehearsal/verdict/result.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { commandOf, type Exhibit, exhibits, isOnPath } from '../support/gallery.ts';
import { newFolder } from '../support/folder.ts';
import { planOf, rehearsed } from '../support/rehearsal-plan.ts';
import { unlessMissing } from '../support/skipping.ts';

const RATE = Number(process.env['GALLERY_RATE'] ?? 100);
/** On a machine that can't keep up, it says so instead; another try may be luckier. */
const TRIES = 3;
const LIMIT_MS = 180_000;

async function rehearsalOf(exhibit: Exhibit): Promise<Result> {
  const folder = newFolder();
  const environment = { PATH: process.env['PATH'], TMPDIR: folder };
  const subject = otherProgram(await commandOf(exhibit, folder), environment, {});
  const { load, ...others } = exhibit.wanted;
  const plan = planOf(subject, { ...others, load: { rate: RATE, steadyMs: 1500, ...load } });
  let result = await rehearsed(plan);
  for (let tries = 1; tries < TRIES && result.verdict === 'inconclusive'; tries++)
    result = await rehearsed(plan);
  return result;
}

const told = (findings: Finding[]) =>
  findings.map(({ severity, lost, text, advice }) => `${severity} ${lost}: ${text} → ${advice}`).join('\n') ||
  'nothing';

for (const exhibit of exhibits()) {
  const { name, truth, says, runner } = exhibit;
  const obstacle = isOnPath(runner) ? undefined : `no ${runner}`;
  const testWherePossible = unlessMissing(test, `${name} of the gallery`, obstacle);
  testWherePossible(
    `${name}: ${truth}`,
    async () => {
      const result = await rehearsalOf(exhibit);
      const findings = result.findings.filter(({ setting }) => setting !== '--rate'); // of a busy machine

      const candidates = says.first ? findings.slice(0, 1) : findings;
      const { advice } = candidates.find(({ text }) => says.text.test(text)) ?? { advice: told(findings) };
      expect(advice ?? '').toMatch(says.advice);
    },
    LIMIT_MS,
  );
}

test('the page about the rehearsal shows all of them', () => {
  const page = readFileSync('docs/rehearsal.md', 'utf8');

  expect(exhibits().filter(({ name }) => !page.includes(`(../test/rehearsal/programs/${name})`))).toEqual([]);
});
