// What pipelines read: JUnit and Markdown.
import { describe, expect, test } from '@jest/globals';
import { caseOf, worst } from '../../rehearsal/command/verdicts.ts';
import { junit } from '../../rehearsal/show/junit.ts';
import { markdown } from '../../rehearsal/show/markdown.ts';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { planOf, service } from '../support/rehearsal-plan.ts';
import { crashRehearsal, refusedRehearsal, rehearsal } from '../support/rehearsal-result.ts';

const plan = planOf(service());
const BUSY = rehearsal({}, { verdict: 'inconclusive', why: 'this machine sent half of the requests late' });

/** What a pipeline makes of a rehearsal, if it fails on every loss. */
const caseOfResult = (result: Result, failOn: 'loss' | 'unexpected' = 'loss') =>
  caseOf({ plan: { ...plan, scenario: 'crash' }, result }, failOn);
const NOT_RUN = caseOf(
  { plan, problem: 'old-1 does not start, it ended with exit 3 every time:\n  <no table>' },
  'loss',
);

describe('the verdict for a pipeline', () => {
  test.each<[string, Result, 'loss' | 'unexpected', string]>([
    ['nothing lost', rehearsal(), 'loss', 'passed'],
    ['something lost', refusedRehearsal(), 'loss', 'failed'],
    ['something lost that a setting would have kept', refusedRehearsal(), 'unexpected', 'failed'],
    ['only what had to be', crashRehearsal(), 'unexpected', 'passed'],
    ['what had to be', crashRehearsal(), 'loss', 'failed'],
    ['more than had to be', { ...crashRehearsal(), unexpected: 1 }, 'unexpected', 'failed'],
    ['nothing that could be believed', BUSY, 'unexpected', 'error'],
  ])('on %s', (_what, result, failOn, status) => {
    expect(caseOfResult(result, failOn).status).toBe(status);
  });

  test('is a loss before it is anything else', () => {
    expect(worst(['passed', 'error', 'failed'])).toBe('failed');
    expect(worst(['passed', 'error'])).toBe('error');
    expect(worst(['passed'])).toBe('passed');
  });
});

describe('JUnit', () => {
  const xml = junit([
    caseOfResult(rehearsal()),
    caseOfResult(refusedRehearsal()),
    caseOfResult(BUSY),
    NOT_RUN,
  ]);

  test('has a test case for each scenario, and counts them', () => {
    expect(xml).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites .*tests="4" failures="1" errors="2"/,
    );
    expect(xml.match(/<testcase name="[^"]+" classname="rehearsal" time="\d+\.\d{3}">/g)).toHaveLength(4);
  });

  test('says why a scenario has failed, and what to do', () => {
    expect(xml).toMatch(/<failure type="loss" message="39 of 4,\d{3} requests lost">39 of/);
    expect(xml).toMatch(
      /39 requests lost: New connections were refused[^<]*\n {2}→ Set SHUTDOWN_WINDOW to 4s/,
    );
    expect(xml).toMatch(/<error message="Inconclusive \(0 of [^"]*half of the requests late">/);
  });

  test('escapes what a program has said, whose first line is the message', () => {
    expect(xml).toContain('message="old-1 does not start, it ended with exit 3 every time:">');
    expect(xml).toContain('&lt;no table&gt;</error>');
  });
});

describe('Markdown', () => {
  const text = markdown([caseOfResult(rehearsal()), caseOfResult(refusedRehearsal()), NOT_RUN]);

  test('has a line for each scenario', () => {
    expect(text).toMatch(/\n\| ✓ \| crash \| 0 \| 5,\d{3} \|  \|/);
    expect(text).toMatch(/\n\| ✗ \| crash \| 39 \| 4,\d{3} \| refused \|/);
    expect(text).toMatch(/\n\| \? \| rollout \| could not be run \|/);
  });

  test('says what happened and what to do', () => {
    expect(text).toContain('- **39 requests lost:** New connections were refused');
    expect(text).toContain('\n  **→ Set SHUTDOWN\\_WINDOW to 4s or more: ');
    expect(text).toContain('```text\nold-1 does not start');
  });

  test('takes nothing that it quotes for Markdown or HTML', () => {
    const hostile = refusedRehearsal();
    const [first] = hostile.findings;
    if (first === undefined) throw new Error('no finding');
    first.text = '<img src=x> @everyone [a](b) `c` | d\n# e';
    const quoted = markdown([caseOfResult({ ...hostile, program: 'a ``` b | c' })]);

    expect(quoted).toContain('\\<img src=x\\> \\@everyone \\[a\\]\\(b\\) \\`c\\` \\| d \\# e');
    expect(quoted).toContain('```` a ``` b \\| c ````');
  });
});
