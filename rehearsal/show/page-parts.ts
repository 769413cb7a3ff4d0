import { count, duration, percent } from '../verdict/format.ts';
import type { Finding, Result } from '../verdict/result.ts';
import { agreementInWords, cost, headline, MARKS, slowestToGo } from './digest.ts';
import { Markup, markup } from './markup.ts';
import { cutTable, replicaTable, reportTable, stateTable } from './replica-tables.ts';
import { latencyTable, lossTable, phaseTable } from './request-tables.ts';
import { described } from './settings.ts';
import type { Table } from './table-model.ts';
import { sharedScales, timelineSvg } from './timeline.ts';

// What pages are made of.

export function brand({ program, startedAt }: Result): Markup {
  const when = startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return markup`<p class="brand"><b>lastcall-rehearse</b> · ${program} · <time datetime="${startedAt}">${when}</time></p>`;
}

export function tone({ verdict }: Result): string {
  return MARKS[verdict].tone;
}

export function marked(result: Result): string {
  return `${MARKS[result.verdict].glyph} ${headline(result)}`;
}

/** The few numbers that one looks for first. */
export function tiles(result: Result): Markup {
  const { requests, latency, change, scenario, settings: said } = result;
  const share = requests.sent === 0 ? 0 : requests.lost / requests.sent;
  const entries: [name: string, value: string, more: string][] = [
    ['Lost', count(requests.lost), `${percent(share)} of ${count(requests.sent)}`],
    ['p99 in the change', duration(latency.change.p99), `${duration(latency.steady.p99)} in steady state`],
    ['The change took', duration(change.toMs - change.fromMs), scenario.name],
    ['Slowest to go', duration(slowestToGo(result)), `from ${said.stopSignal} to the end`],
    ['Own reports', agreementInWords(result).word, 'with what clients counted'],
  ];
  return markup`<dl class="tiles">${entries.map(
    ([name, value, more]) =>
      markup`<div class="tile"><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`,
  )}</dl>`;
}

export function findings(result: Result): Markup | undefined {
  if (result.findings.length === 0) return undefined;
  return markup`<section aria-label="Findings"><h2>What happened, and what to do</h2>${findingList(result)}</section>`;
}

export function findingList({ findings: found }: Result): Markup {
  return markup`<ul class="findings">${found.map(finding)}</ul>`;
}

function finding(found: Finding): Markup {
  const { severity, text, advice, setting } = found;
  const price = cost(found);
  const what = advice !== undefined && markup`<p class="advice">→ ${withCode(advice, setting)}</p>`;
  return markup`<li class="finding ${severity}"><p>${price && markup`<span class="cost">${price}.</span> `}${text}</p>${what}</li>`;
}

/** The name of the setting in its own type, wherever it is in the sentence, else after it. */
function withCode(sentence: string, setting: string | undefined): Markup {
  if (setting === undefined) return markup`${sentence}`;
  const code = markup`<code>${setting}</code>`;
  const [first, ...others] = sentence.split(setting);
  return others.length === 0
    ? markup`${sentence} ${code}`
    : markup`${first}${others.map((part) => markup`${code}${part}`)}`;
}

export function timeline(result: Result, { scales = sharedScales([result]), name = '' } = {}): Markup {
  const svg = new Markup(timelineSvg(result, { scales }));
  return markup`<section><h2>Timeline${name && `: ${name}`}</h2><div class="wide" tabindex="0" role="group" aria-label="Timeline">${svg}</div></section>`;
}

export function numbers(result: Result): Markup {
  const few = [phaseTable(result), latencyTable(result)];
  const many = [replicaTable(result), lossTable(result), cutTable(result), reportTable(result)];
  return markup`<div class="pair">${few.map((table) => drawn(table))}</div>
    ${many.map((table) => table && drawn(table, table.title === 'The processes’ own reports' ? agreementInWords(result).sentence : undefined))}
    <section><details><summary>The timeline as a table</summary>${rows(stateTable(result))}</details></section>`;
}

export function drawn(table: Table, more?: string): Markup {
  const notes = [table.note, more].filter((note) => note !== undefined);
  return markup`<section><h2>${table.title}</h2>${rows(table)}${notes.map((note) => markup`<p class="note">${note}</p>`)}</section>`;
}

function rows({ title, columns, rows: lines }: Table): Markup {
  const align = (i: number) => (columns[i]?.align === 'right' ? 'right' : '');
  return markup`<div class="wide" tabindex="0" role="group" aria-label="${title}"><table>
    <thead><tr>${columns.map(({ head }, i) => markup`<th scope="col" class="${align(i)}">${head.replace('\n', ' ')}</th>`)}</tr></thead>
    <tbody>${lines.map(
      (cells) =>
        markup`<tr>${cells.map(({ text, tone: mood = '' }, i) =>
          i === 0
            ? markup`<th scope="row">${text}</th>`
            : markup`<td class="${`${align(i)} ${mood}`.trim()}">${text}</td>`,
        )}</tr>`,
    )}</tbody></table></div>`;
}

export function settings(result: Result): Markup {
  const pairs = described(result.settings).map(
    ([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  );
  return markup`<section><h2>Settings</h2><dl class="settings">${pairs}</dl></section>`;
}

export function foot({ durationMs, settings: { seed } }: Result): Markup {
  return markup`<footer><p>Rehearsed for ${duration(durationMs)} with seed ${String(seed)}. Times are seconds since the load began; latency counts from when a request was due.</p></footer>`;
}
