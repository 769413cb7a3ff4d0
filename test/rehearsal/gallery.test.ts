// Small programs with a known fault each: what the rehearsal says of them has to be true. GALLERY_RATE is another load.
import { expect } from '@jest/globals';
import { otherProgram } from '../../rehearsal/subject/other-program.ts';
import type { Finding, Result } from '../../rehearsal/verdict/result.ts';
import { overlapping } from '../harness/overlapping.ts';
import { commandOf, type Exhibit, exhibits, isOnPath } from '../support/gallery.ts';
import { planOf, rehearsed } from '../support/rehearsal-plan.ts';
import { unlessMissing } from '../support/skipping.ts';

const RATE = Number(process.env['GALLERY_RATE'] ?? 100);
/** On a machine that can't keep up, it says so instead; another try may be luckier. */
const TRIES = 3;
const LIMIT_MS = 180_000;

async function rehearsalOf(exhibit: Exhibit): Promise<Result> {
  const environment = { PATH: process.env['PATH'] };
  const subject = otherProgram(commandOf(exhibit), environment, {});
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
  const test = unlessMissing(overlapping, `${name} of the gallery`, obstacle);
  test(
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
