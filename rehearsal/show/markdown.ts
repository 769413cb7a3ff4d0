import { CAUSES, count, counted, duration, sentence } from '../verdict/format.ts';
import type { Finding, Result } from '../verdict/result.ts';
import type { Case } from './case.ts';
import { gantt } from './gantt.ts';
import { causesOf, cost, expectedInWords, headline, slowestToGo } from './digest.ts';

const MARKS: Record<Case['status'], string> = { passed: '✓', failed: '✗', error: '?' };

/** The verdict of each scenario, why, and what to do, for a pull request or the summary of a job. */
export function markdown(cases: Case[]): string {
  const [first] = cases.flatMap(({ result }) => result ?? []);
  const drawn = cases
    .filter(({ status }) => cases.length === 1 || status === 'failed')
    .flatMap(({ result }) => result ?? []);
  const blocks = [
    '### Rehearsal',
    ...(first === undefined ? [] : [runOf(first)]),
    tableOf(cases),
    ...cases.map(explained).filter((text) => text !== ''),
    ...drawn.map((result) => fenced('mermaid', gantt(result))),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function runOf({ program, settings }: Result): string {
  const load = `${counted(settings.replicas, 'replica')}, ${count(settings.rate)} requests/s`;
  return `${code(program)}: ${load}, endpoint lag ${duration(settings.endpointLagMs)}, seed ${settings.seed}`;
}

function tableOf(cases: Case[]): string {
  const head = ['', 'scenario', 'lost', 'of', 'cause', 'p99 in the change', 'slowest to go'];
  const rows = cases.map(({ scenario, status, result }) => {
    if (result === undefined) return [MARKS[status], escape(scenario), 'could not be run', '', '', '', ''];
    const { requests, losses, latency } = result;
    return [
      MARKS[status],
      escape(scenario),
      count(requests.lost),
      count(requests.sent),
      causesOf(losses)
        .map((cause) => CAUSES[cause])
        .join(', '),
      duration(latency.change.p99),
      duration(slowestToGo(result)),
    ];
  });
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(['-', '-', '-:', '-:', '-', '-:', '-:']), ...rows.map(line)].join('\n');
}

/** What a scenario has to say beyond its line of the table. */
function explained({ scenario, result, problem }: Case): string {
  if (result === undefined)
    return `#### ${escape(scenario)}: could not be run\n\n${fenced('text', problem ?? '')}`;
  const expected = expectedInWords(result);
  const said = [...(expected === undefined ? [] : [escape(sentence(expected))]), ...list(result.findings)];
  return said.length === 0 ? '' : [`#### ${escape(scenario)}: ${headline(result)}`, ...said].join('\n\n');
}

function list(findings: Finding[]): string[] {
  if (findings.length === 0) return [];
  const items = findings.map((finding) => {
    const price = cost(finding);
    const text = `${price === undefined ? '' : `**${price}:** `}${escape(finding.text)}`;
    return finding.advice === undefined ? `- ${text}` : `- ${text}\n  **→ ${escape(finding.advice)}**`;
  });
  return [items.join('\n')];
}

/** Text that is no Markdown and no HTML, whoever has written it. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>()#+!|~@]/g, '\\$&');
}

/** As code, with a fence that is longer than any in it. */
function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  return `${fence} ${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')} ${fence}`;
}

function fenced(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
