import { count, counted, sentence } from '../verdict/format.ts';
import type { Result } from '../verdict/result.ts';
import { expectedInWords, headline, MARKS } from './digest.ts';
import { Markup, markup } from './markup.ts';
import {
  brand,
  drawn,
  findingList,
  findings,
  foot,
  marked,
  numbers,
  settings,
  tiles,
  timeline,
  tone,
} from './page-parts.ts';
import { PAGE_STYLE } from './page-style.ts';
import { comparisonTable, scenarioTable } from './request-tables.ts';
import { titles } from './settings.ts';
import { sharedScales } from './timeline.ts';

/** What one rehearsal has found, or two next to each other, as one HTML file that fetches nothing. */
export function page(results: [Result] | [Result, Result], options: { title?: string } = {}): string {
  const [first, second] = results;
  const title = options.title ?? `${headline(first)} · ${first.scenario.name}`;
  return whole(title, second === undefined ? single(first) : double(first, second));
}

/** What several scenarios have found, those that lost something unfolded, as such a file. */
export function overview(results: Result[]): string {
  const of = (verdict: Result['verdict']) => results.filter((result) => result.verdict === verdict).length;
  const unsure = of('inconclusive');
  const title =
    `${of('lost')} of ${counted(results.length, 'scenario')} lost requests` +
    (unsure === 0 ? '' : `, ${unsure} inconclusive`);
  const { tone: mood, glyph } = MARKS[of('lost') > 0 ? 'lost' : unsure > 0 ? 'inconclusive' : 'nothing-lost'];
  const durationMs = results.reduce((sum, result) => sum + result.durationMs, 0);
  const [first] = results;
  return whole(
    title,
    markup`<header>
    ${first && brand(first)}
    <h1 class="${mood}">${glyph} ${title}</h1>
  </header>
  <main>
    ${drawn(scenarioTable(results))}
    ${results.map((result) => scenario(result))}
  </main>
  ${first && foot({ ...first, durationMs })}`,
  );
}

function whole(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="lastcall-rehearse">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

function scenario(result: Result): Markup {
  const { name, description } = result.scenario;
  const open = result.verdict === 'nothing-lost' ? undefined : new Markup(' open');
  return markup`<details class="scenario"${open}>
    <summary><b class="${tone(result)}">${name}: ${marked(result)}</b></summary>
    <p class="lead">${sentence(description)} ${expectedInWords(result)}</p>
    ${tiles(result)}
    ${findings(result)}
    ${timeline(result, { name })}
    ${numbers(result)}
    ${settings(result)}
  </details>`;
}

function single(result: Result): Markup {
  const { scenario } = result;
  return markup`<header>
    ${brand(result)}
    <h1 class="${tone(result)}">${marked(result)}</h1>
    <p class="lead">${scenario.name}: ${sentence(scenario.description)} ${expectedInWords(result)}</p>
    ${tiles(result)}
  </header>
  <main>
    ${findings(result)}
    ${timeline(result)}
    ${numbers(result)}
    ${settings(result)}
  </main>
  ${foot(result)}`;
}

function double(left: Result, right: Result): Markup {
  const names = titles(left, right);
  const both = [left, right];
  const scales = sharedScales(both);
  return markup`<header>
    ${brand(left)}
    <h1>Side by side: ${count(left.requests.lost)} and ${counted(right.requests.lost, 'request')} lost</h1>
    <p class="lead">${left.scenario.name}: ${sentence(left.scenario.description)} The same load for both.</p>
  </header>
  <main>
    <div class="pair">${both.map(
      (result, i) => markup`<div class="card"><h2>${names[i]}</h2>
        <p class="verdict ${tone(result)}">${marked(result)}</p>
        <p class="lead">${expectedInWords(result)}</p>${tiles(result)}${findingList(result)}</div>`,
    )}</div>
    ${drawn(comparisonTable(left, right, names))}
    ${both.map((result, i) => timeline(result, { scales, name: names[i] }))}
    <div class="pair">${both.map((result, i) => markup`<div><h2>${names[i]}</h2>${numbers(result)}${settings(result)}</div>`)}</div>
  </main>
  ${foot(left)}`;
}
