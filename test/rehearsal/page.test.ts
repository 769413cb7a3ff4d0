import { describe, expect, test } from '@jest/globals';
import { overview, page } from '../../rehearsal/show/page.ts';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { timelineSvg } from '../../rehearsal/show/timeline.ts';
import { look, testInBrowser } from '../support/chromium.ts';
import {
  crashRehearsal,
  heavyRehearsal,
  killedRehearsal,
  refusedRehearsal,
  rehearsal,
  report,
} from '../support/rehearsal-result.ts';

const testWherePossible = testInBrowser();

const CODE = `<script>alert("x")</script>&'`;

const EVERY: [name: string, results: [Result] | [Result, Result]][] = [
  ['nothing lost', [rehearsal()]],
  ['refused', [refusedRehearsal()]],
  ['killed', [killedRehearsal()]],
  ['crashed', [crashRehearsal()]],
  ['thousands lost', [heavyRehearsal()]],
  ['twelve replicas', [heavyRehearsal(12)]],
  ['names that are code', [hostile()]],
  ['nothing at all', [nothing()]],
  ['a comparison', [rehearsal(), refusedRehearsal()]],
];

/** Everything that a user, a program or a client can write is code. */
function hostile(): Result {
  const made = refusedRehearsal();
  const rename = (name: string | undefined) => (name === undefined ? CODE : `${name}${CODE}`);
  return {
    ...made,
    startedAt: CODE,
    program: CODE,
    scenario: { name: CODE, description: CODE },
    settings: { ...made.settings, environment: { [CODE]: CODE } },
    findings: [{ severity: 'loss', lost: 1, text: CODE, advice: CODE, setting: CODE }],
    expected: { lost: 1, why: CODE },
    replicas: made.replicas.map((replica) => ({
      ...replica,
      name: rename(replica.name),
      states: replica.states.map((span) => ({ ...span, state: span.state === 'ready' ? 'ready' : CODE })),
      report: { ...report({ cut: [CODE], window: 1, drain: 1 }), reason: CODE },
      ...(replica.exit && { exit: { ...replica.exit, code: null, signal: CODE } }),
    })),
    losses: made.losses.map((loss) => ({
      ...loss,
      replica: rename(loss.replica),
      state: CODE,
      path: CODE,
      detail: CODE,
    })),
    timeline: made.timeline.map((slice) => ({
      ...slice,
      answered: Object.fromEntries(Object.entries(slice.answered).map(([name, n]) => [rename(name), n])),
    })),
  };
}

/** A rehearsal that was over before anything happened. */
function nothing(): Result {
  const none = { sent: 0, answered: 0, lost: 0, open: 0 };
  const quantiles = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 };
  return rehearsal(
    {},
    {
      durationMs: 0,
      change: { fromMs: 0, toMs: 0 },
      requests: none,
      phases: { steady: none, change: none, after: none },
      latency: { steady: quantiles, change: quantiles },
      replicas: [],
      losses: [],
      timeline: [],
    },
  );
}

/** Tags that are not closed, or closed in the wrong order: SVG is XML, which forgives nothing. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, end, name = '', rest = ''] of svg.matchAll(
    /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*\s*\/?)>/g,
  )) {
    if (end === '/' && open.pop() !== name) wrong.push(name);
    else if (end === '' && !rest.endsWith('/')) open.push(name);
  }
  return [...wrong, ...open];
}

/** Tables of the page by their titles: rows of the texts of their cells. */
function tables(html: string): Map<string, string[][]> {
  const found = html.matchAll(/aria-label="([^"]*)"><table>(.*?)<\/table>/gs);
  return new Map(
    [...found].map(([, title = '', table = '']) => [
      title,
      [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
        [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell),
      ),
    ]),
  );
}

const n = (value: number) => value.toLocaleString('en-US');

describe('the page', () => {
  test('has the verdict as its title and headline, findings with advice below', () => {
    const html = page([refusedRehearsal()]);

    expect(html).toMatch(/<title>39 of 4,\d{3} requests lost · rollout<\/title>/);
    expect(html).toMatch(/<h1 class="bad">✗ 39 of 4,\d{3} requests lost<\/h1>/);
    expect(html).toMatch(/39 requests lost\.<\/span> New connections were refused/);
    expect(html).toMatch(/→ Set <code>SHUTDOWN_WINDOW<\/code> to 4s or more/);
    expect(page([rehearsal()])).toMatch(/<h1 class="good">✓ 0 of 5,\d{3} requests lost<\/h1>/);
  });

  test('takes a title from its caller', () => {
    expect(page([rehearsal()], { title: 'a & b' })).toContain('<title>a &amp; b</title>');
  });

  test('has the numbers of the result in its tables', () => {
    const result = killedRehearsal();
    const found = tables(page([result]));

    const requests = found.get('Requests') ?? [];
    for (const [i, phase] of (['steady', 'change', 'after'] as const).entries()) {
      const { sent, answered, lost } = result.phases[phase];
      expect(requests[i + 1]?.slice(0, 4)).toEqual([phase, n(sent), n(answered), n(lost)]);
    }
    const replicas = found.get('Replicas') ?? [];
    expect(replicas.slice(1).map(([name, ...cells]) => [name, ...cells.slice(-3, -1)])).toEqual(
      result.replicas.map(({ name, answered, lost }) => [name, n(answered), n(lost)]),
    );
    const reports = found.get('The processes’ own reports') ?? [];
    const [, , third] = result.replicas;
    expect(reports[1]?.slice(0, 3)).toEqual(['old-3', 'SIGTERM', 'cut']);
    expect(reports[1]?.slice(-3)).toEqual([n(third?.reported ?? 0), n(third?.answered ?? 0), '✗ 905']);
  });

  test.each(EVERY)('has every lost request in its table and its timeline (%s)', (_name, results) => {
    const html = page(results);
    const lost = results.reduce((sum, { losses }) => sum + losses.length, 0);
    const marked = [...html.matchAll(/class="loss" data-count="(\d+)"/g)].map(([, size]) => Number(size));
    const listed = (tables(html).get('Lost requests') ?? [])
      .slice(1)
      .map((row) => Number(row[2]?.replace(',', '')));

    expect(marked.reduce((sum, size) => sum + size, 0)).toBe(lost);
    // Of a comparison the map has the second only, which is the one that lost something.
    expect(listed.reduce((sum, size) => sum + size, 0)).toBe(lost);
  });

  test('has a row for each replica, and one for what no replica was there for', () => {
    const names = (result: Result) =>
      [...timelineSvg(result).matchAll(/class="name"[^>]*>([^<]*)/g)].map(([, name]) => name);

    expect(names(rehearsal())).toEqual(['old-1', 'old-2', 'old-3', 'new-1', 'new-2', 'new-3']);
    expect(names(heavyRehearsal()).at(-1)).toBe('no endpoint');
  });

  test('puts thousands of losses into few signs', () => {
    const signs = timelineSvg(heavyRehearsal()).match(/class="loss"/g) ?? [];

    expect(signs.length).toBeGreaterThan(10);
    expect(signs.length).toBeLessThan(120);
  });

  test('marks where balancers sent requests to a replica that did not listen any more', () => {
    expect(timelineSvg(refusedRehearsal()).match(/class="rotation deaf"[^>]*><title>/g)).toHaveLength(3);
    expect(timelineSvg(rehearsal())).not.toContain('deaf"');
  });

  test('shows SIGTERM and how each process ended', () => {
    const svg = timelineSvg(killedRehearsal());

    expect(svg.match(/<title>SIGTERM at /g)).toHaveLength(3);
    expect(svg.match(/>SIGKILL</g)).toHaveLength(2);
    expect(svg.match(/>exit 80</g)).toHaveLength(1);
  });

  test('shows when a process got no CPU, and says so in the legend', () => {
    const made = rehearsal();
    const [first, ...others] = made.replicas;
    if (first === undefined) throw new Error('no replica');
    const stalled = { ...first, stalls: [{ fromMs: 6200, toMs: 8200 }] };
    const svg = timelineSvg({ ...made, replicas: [stalled, ...others] });

    expect(svg).toContain('No CPU for 2.0 s, from 6.2 s to 8.2 s');
    expect(svg).toContain('>no CPU</text>');
    expect(timelineSvg(made)).not.toContain('no CPU');
  });

  test('draws latency on a logarithmic axis only if it spans decades', () => {
    const result = rehearsal();
    const flat = result.timeline.map((slice) => ({ ...slice, p99: slice.p50 * 2, max: slice.p50 * 3 }));

    expect(timelineSvg(result)).toContain('log scale');
    expect(timelineSvg({ ...result, timeline: flat })).not.toContain('log scale');
  });

  test('draws no latency where there were only answers without one', () => {
    const result = rehearsal();
    const silent = result.timeline.map((slice, i) =>
      i < 10 || i > 20 ? slice : { ...slice, p50: 0, p99: 0, max: 0 },
    );
    const curve = (made: Result) => /class="curve p50" d="([^"]*)"/.exec(timelineSvg(made))?.[1] ?? '';

    expect(curve(result).split('M')).toHaveLength(2);
    expect(curve({ ...result, timeline: silent }).split('M')).toHaveLength(3);
  });

  test('draws two timelines on the same axes', () => {
    const [first, second] = page([rehearsal(), refusedRehearsal()]).match(/<svg.*?<\/svg>/gs) ?? [];
    const ticks = (svg = '') => [...svg.matchAll(/class="tick"[^>]*>([^<]*)/g)].map(([, text]) => text);

    expect(ticks(first)).toEqual(ticks(second));
    expect(ticks(first)).toContain('18 s');
  });

  test('of several scenarios has a line for each, and unfolds those that have something to say', () => {
    const unsure = rehearsal({}, { verdict: 'inconclusive', why: 'busy' });
    const html = overview([rehearsal(), crashRehearsal(), unsure]);

    expect(html).toContain('<title>1 of 3 scenarios lost requests, 1 inconclusive</title>');
    expect((tables(html).get('Scenarios') ?? []).map(([name]) => name)).toEqual([
      'scenario',
      'rollout',
      'crash',
      'rollout',
    ]);
    const opened = [...html.matchAll(/<details class="scenario"( open)?>/g)].map(([, open]) => open);
    expect(opened).toEqual([undefined, ' open', ' open']);
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html).not.toMatch(/<script|NaN|undefined|Infinity|\[object/);
    expect(overview([rehearsal()])).toMatch(/<h1 class="good">✓ 0 of 1 scenario lost requests<\/h1>/);
  });

  test.each(EVERY)('is whole, needs no script, and fetches nothing (%s)', (_name, results) => {
    const html = page(results);

    expect(html).toMatch(/^<!doctype html>\n.*<\/html>\n$/s);
    expect(html).not.toMatch(/<script|<link rel="(?!icon" href="data:,")|@import|url\(|\ssrc=/);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  test('never takes a name for code', () => {
    const html = page([hostile()]);

    expect(html).not.toContain('<script');
    expect(html.split('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;').length).toBeGreaterThan(
      60,
    );
  });

  test.each(EVERY)('has timelines that are well-formed XML, also by themselves (%s)', (_name, [result]) => {
    const svg = timelineSvg(result, { standalone: true });

    expect(svg.match(/<[a-z]/g)?.length).toBeGreaterThan(10);
    expect(unbalanced(svg)).toEqual([]);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  testWherePossible(
    'of several scenarios fits, too',
    () => {
      const html = overview([refusedRehearsal(), hostile()]);
      for (const width of [1280, 420]) {
        const { texts: _all, ...findings } = look(html, width);
        expect(findings).toEqual({ overflows: [], fetched: [], malformed: [] });
      }
    },
    60_000,
  );

  testWherePossible.each(EVERY)(
    'fits into every browser window (%s)',
    (_name, results) => {
      for (const width of [1280, 420]) {
        const { texts, ...findings } = look(page(results), width);
        expect(findings).toEqual({ overflows: [], fetched: [], malformed: [] });
        expect(texts).toBeGreaterThan(5);
      }
    },
    60_000,
  );
});
