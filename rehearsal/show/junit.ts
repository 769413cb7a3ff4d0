import type { Finding } from '../verdict/result.ts';
import type { Case } from './case.ts';
import { cost, expectedInWords, headline } from './digest.ts';
import { type Markup, markup } from './markup.ts';

/** A test case for each scenario, as the CI systems read it that show tests (https://github.com/testmoapp/junitxml). */
export function junit(cases: Case[]): string {
  const count = (status: Case['status']) => cases.filter((one) => one.status === status).length;
  const seconds = cases.reduce((sum, one) => sum + secondsOf(one), 0);
  const totals = markup`tests="${cases.length}" failures="${count('failed')}" errors="${count('error')}" skipped="0" time="${seconds.toFixed(3)}"`;
  const startedAt = cases.find(({ result }) => result !== undefined)?.result?.startedAt;
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="lastcall-rehearse" ${totals}>
  <testsuite name="rehearsal" ${totals}${startedAt && markup` timestamp="${startedAt.replace(/\.\d+Z$/, '')}"`}>
${cases.map(testCase)}  </testsuite>
</testsuites>
`.text;
}

function testCase(one: Case): Markup {
  const { scenario, status, result, problem } = one;
  const title = result === undefined ? (problem ?? '') : headline(result);
  const [firstLine = ''] = title.split('\n');
  const body = result === undefined ? title : told(one);
  // A line break in an attribute is a space to whoever reads it.
  const inside = {
    passed: markup``,
    failed: markup`      <failure type="loss" message="${firstLine}">${body}</failure>\n`,
    error: markup`      <error message="${firstLine}">${body}</error>\n`,
  }[status];
  const out = status === 'passed' && markup`      <system-out>${body}</system-out>\n`;
  return markup`    <testcase name="${scenario}" classname="rehearsal" time="${secondsOf(one).toFixed(3)}">
${inside}${out}    </testcase>
`;
}

function secondsOf({ result }: Case): number {
  return (result?.durationMs ?? 0) / 1000;
}

/** The verdict, and why, as lines of text. */
function told({ result }: Case): string {
  if (result === undefined) return '';
  const { findings, scenario, program } = result;
  return [
    headline(result),
    `${scenario.name} of ${program}: ${scenario.description}`,
    expectedInWords(result),
    ...findings.flatMap(lines),
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}

function lines(finding: Finding): string[] {
  const price = cost(finding);
  const text = price === undefined ? finding.text : `${price}: ${finding.text}`;
  return finding.advice === undefined ? [text] : [text, `  → ${finding.advice}`];
}
