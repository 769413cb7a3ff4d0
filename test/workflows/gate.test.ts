import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { testWith } from '../support/programs.ts';
import { workflows } from '../support/workflows.ts';

const testWherePossible = testWith('jq');
const ci = workflows().find(({ file }) => file === 'ci.yaml');
const gate = ci?.jobs['gate'];
const needs = [gate?.needs ?? []].flat();

const SUCCESS = Object.fromEntries(needs.map((name) => [name, 'success']));

/** Runs the step of the gate as GitHub does. */
function verdict(results: Record<string, string>, mayBeSkipped = ''): number | null {
  const input = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { result }]));
  const { status } = spawnSync('bash', ['-e', '-c', gate?.steps?.[0]?.run ?? ''], {
    env: { PATH: process.env['PATH'], NEEDS: JSON.stringify(input), MAY_BE_SKIPPED: mayBeSkipped },
  });
  return status;
}

test('the gate needs every job but those that need it', () => {
  const others = Object.entries(ci?.jobs ?? {}).filter(
    ([name, job]) => name !== 'gate' && ![job.needs].flat().includes('gate'),
  );
  expect(others.map(([name]) => name).sort()).toEqual(needs.toSorted());
});

test('the gate always reports: it runs whatever became of the others, on every pull request', () => {
  expect(gate?.if).toBe('always()');
  expect(ci?.on).toMatchObject({ pull_request: null, merge_group: null });
});

test('what is published has passed the gate', () => {
  const after = Object.entries(ci?.jobs ?? {}).filter(([, job]) => [job.needs].flat().includes('gate'));
  expect(after.map(([name]) => name)).toEqual(['publish', 'promote', 'release']);
  for (const [, job] of after) expect(job.if).toContain("needs.gate.result == 'success'");
  expect(ci?.jobs['publish']?.if).toContain("github.event_name == 'push'");
  expect(ci?.jobs['promote']?.if).toContain("needs.publish.result == 'success'");
  expect(ci?.jobs['release']?.if).toContain("needs.promote.result == 'success'");
  expect(ci?.on['push']).toEqual({ branches: ['main'] });
});

describe('the gate', () => {
  testWherePossible('opens when everything has succeeded', () => {
    expect(verdict(SUCCESS)).toBe(0);
  });

  testWherePossible.each(['failure', 'cancelled', 'skipped'])('stays shut when one job is %s', (result) => {
    for (const name of needs)
      expect({ name, code: verdict({ ...SUCCESS, [name]: result }) }).toEqual({ name, code: 1 });
  });

  testWherePossible('lets jobs be skipped that may be, and no other', () => {
    const may = 'dependency-review';
    const two = { ...SUCCESS, [may]: 'skipped', codeql: 'skipped' };
    expect(verdict(two, `${may} codeql ${may}`)).toBe(0);
    expect(verdict(two, ` ${may}`)).toBe(1);
    expect(verdict({ ...SUCCESS, [may]: 'skipped' }, may)).toBe(0);
    expect(verdict({ ...SUCCESS, [may]: 'failure' }, may)).toBe(1);
    expect(verdict({ ...SUCCESS, lint: 'skipped' }, may)).toBe(1);
  });
});
