import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { mounted, services } from '../support/compose.ts';
import { testWith } from '../support/programs.ts';
import { promtool } from '../support/prometheus.ts';
import { renderedRules } from '../support/rules.ts';

jest.setTimeout(60_000); // the first to need helm fetches it

const testWherePossible = testWith('promtool');

/** The rule file as the shell of the container makes it. */
function rulesOfTheContainer(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  try {
    const command = services.prometheus.command?.[0]?.split('\nexec')[0] ?? '';
    const here = command
      .replace('/chart/alerts.yaml', mounted(services.prometheus, '/chart/alerts.yaml'))
      .replace('/tmp/alerts.yaml', join(folder, 'alerts.yaml'));
    expect(spawnSync('sh', ['-c', here], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    return readFileSync(join(folder, 'alerts.yaml'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the rules of compose are those of the chart, with its defaults', async () => {
  const chart = JSON.stringify(await renderedRules());
  const renamed = chart.replaceAll(
    String.raw`namespace=\"shop\",job=\"rel\"`,
    String.raw`namespace=\"compose\",job=\"service\"`,
  );
  expect(parse(rulesOfTheContainer())).toEqual(JSON.parse(renamed));
});

testWherePossible('the configuration of Prometheus is one that it takes, rules included', () => {
  const config = readFileSync(mounted(services.prometheus, '/etc/prometheus/prometheus.yaml'), 'utf8');
  const files = {
    'prometheus.yaml': config.replace('/tmp/alerts.yaml', 'alerts.yaml'),
    'alerts.yaml': rulesOfTheContainer(),
  };
  const { code, said } = promtool(['check', 'config', 'prometheus.yaml'], { files });
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('1 rule files found') });
});
