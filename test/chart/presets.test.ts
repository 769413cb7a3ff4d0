import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { IService } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { helm, type KubeObject, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { KUBE_VERSIONS } from '../support/ci-values.ts';
import { PRESETS } from '../support/presets.ts';

const PAGE = readFileSync('docs/platforms.md', 'utf8');
const MANAGEMENT_PORT = (parse(readFileSync('helm/values.yaml', 'utf8')) as { ports: { management: number } })
  .ports.management;

const inSeconds = (text: string) => {
  const [, number, unit = ''] = /^([\d.]+) ?(\w+)$/.exec(text) ?? [];
  return Number(number) * ({ ms: 0.001, s: 1, min: 60, m: 60, h: 3600 }[unit] ?? NaN);
};

test('every preset is in the table of docs/platforms.md, and says with which lag it was rehearsed', () => {
  const rows = [...PAGE.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name]) => name);
  // Those of parts that were taken out are no longer there.
  expect(rows).toEqual(expect.arrayContaining(PRESETS.map(({ name }) => name)));
  expect(PRESETS.filter(({ lag }) => lag === '')).toEqual([]);
});

describe.each(PRESETS)('the preset $name', ({ name, file, lag }) => {
  let objects: KubeObject[];
  beforeAll(async () => {
    objects = await render({ files: [file] });
  });
  const environment = () =>
    Object.fromEntries((podSpecOf(objects).container.env ?? []).map((one) => [one.name, one.value ?? '']));

  test('renders, and helm lint --strict has nothing to say', async () => {
    const version = KUBE_VERSIONS.at(-1) ?? '';
    const { code, stdout, stderr } = await helm([
      'lint',
      '--strict',
      'helm',
      '-f',
      file,
      '--kube-version',
      version,
    ]);
    expect({ code, said: (stdout + stderr).match(/\[(WARNING|ERROR)\].*/g) }).toEqual({
      code: 0,
      said: null,
    });
  });

  test('has a window that is longer than the lag, and what docs/platforms.md says of it', () => {
    const env = environment();
    expect(inSeconds(env['SHUTDOWN_WINDOW'] ?? '')).toBeGreaterThan(inSeconds(lag));

    const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
    const [window, idle, keepAlive] = row
      .split('|')
      .slice(3, 6)
      .map((cell) => cell.trim());
    expect(window?.split(', ').map(inSeconds)).toEqual(
      [env['SHUTDOWN_WINDOW'], env['SHUTDOWN_WINDOW_MAX']].map((value) => inSeconds(value ?? '')),
    );
    expect(inSeconds(keepAlive ?? '')).toBe(inSeconds(env['KEEP_ALIVE_TIMEOUT'] ?? ''));
    if (idle === '') return;
    // Whoever only forgets connections has to be the one that waits longer.
    const services = ofKind<IService>(objects, 'Service');
    const onlyForgets = services.some(({ spec }) => spec?.type === 'LoadBalancer');
    const [shorter = '', longer = ''] = onlyForgets ? [keepAlive, idle] : [idle, keepAlive];
    expect(inSeconds(shorter)).toBeLessThan(inSeconds(longer));
  });

  test('names the management port by its number, where something outside asks for it', () => {
    const text = JSON.stringify(objects);
    const named = [
      ...text.matchAll(/(?:healthcheck-port":"|"httpHealthCheck":\{"port":|InboundPorts":")(\d+)/g),
    ];
    expect(named.filter(([, port]) => Number(port) !== MANAGEMENT_PORT)).toEqual([]);
    expect(named).toHaveLength(/^(aws|gke|istio)/.test(name) ? 1 : 0);
  });
});
