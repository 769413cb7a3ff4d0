import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { mounted, services } from '../support/compose.ts';
import { CHART_NAME } from '../support/names.ts';
import { testWith } from '../support/programs.ts';
import { promtool, type RuleFile, TARGET } from '../support/prometheus.ts';
import { renderedRules } from '../support/rules.ts';

jest.setTimeout(60_000); // the first to need helm fetches it

const testWherePossible = testWith('promtool');

/** The rule files as the shell of the container makes them, by their names. */
function rulesOfTheContainer(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  try {
    const command = services.prometheus.command?.[0]?.split('\nexec')[0] ?? '';
    const here = command
      .replaceAll('$$', '$') // which Compose does
      .replace('/chart/alerts', mounted(services.prometheus, '/chart/alerts'))
      .replaceAll('/tmp/alerts', folder);
    expect(spawnSync('sh', ['-ec', here], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the rules of compose are those of the chart, with its defaults', async () => {
  const chart = JSON.stringify((await renderedRules()).groups);
  const renamed = chart
    .replaceAll(`namespace=\\"shop\\"`, `namespace=\\"compose\\"`)
    .replaceAll(`container=\\"${CHART_NAME}\\"`, `container=\\"service\\"`)
    .replaceAll(TARGET.job, 'service');
  const groups = Object.values(rulesOfTheContainer()).flatMap((text) => (parse(text) as RuleFile).groups);
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(groups.sort(byName)).toEqual((JSON.parse(renamed) as RuleFile['groups']).sort(byName));
});

testWherePossible('the configuration of Prometheus is one that it takes, rules included', () => {
  const config = readFileSync(mounted(services.prometheus, '/etc/prometheus/prometheus.yaml'), 'utf8');
  const rules = Object.entries(rulesOfTheContainer()).map(([name, text]) => [`alerts-${name}`, text]);
  const files = {
    'prometheus.yaml': config.replace('/tmp/alerts/', 'alerts-'),
    ...(Object.fromEntries(rules) as Record<string, string>),
  };
  const { code, said } = promtool(['check', 'config', 'prometheus.yaml'], { files });
  expect({ code, said }).toEqual({
    code: 0,
    said: expect.stringContaining(`${rules.length} rule files found`),
  });
});
