import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { CHART, podSpecOf, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

/** The complete values.yaml of each release, as it was. A release adds its own before the next one changes it. */
const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const RELEASES = readdirSync(FIXTURES).map((file) => [file, join(FIXTURES, file)] as const);

test('there is a release to upgrade from', () => {
  expect(RELEASES.length).toBeGreaterThan(0);
});

test.each(RELEASES)(
  '%s still renders: helm upgrade -f',
  async (_name, file) => {
    expect(podSpecOf(await render({ files: [file] })).container.env).toBeDefined();
  },
  TIMEOUT,
);

// Helm then takes the old release's values for the defaults, so what is new since has no value at all.
test.each(RELEASES)(
  '%s still renders without any newer default: helm upgrade --reuse-values',
  async (_name, file) => {
    const folder = mkdtempSync(join(tmpdir(), 'chart-'));
    try {
      cpSync(CHART, folder, { recursive: true });
      cpSync(file, join(folder, 'values.yaml'));
      expect(podSpecOf(await render({ chart: folder })).container.env).toBeDefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  TIMEOUT,
);
