import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT, workflows } from '../support/workflows.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const config = JSON.parse(read('.github/release-please-config.json')) as {
  packages: Record<string, { 'extra-files': { type: string; path: string }[] }>;
};

test('package, chart, image tag and release manifest have one version', () => {
  const chart = parse(read('helm/Chart.yaml')) as { version: string; appVersion: string };
  const manifest = JSON.parse(read('.github/release-please-manifest.json')) as Record<string, string>;
  expect({ ...manifest, chart: chart.version, app: chart.appVersion }).toEqual({
    '.': version,
    chart: version,
    app: version,
  });
});

// Its updater for YAML would drop all comments of the file; the generic one changes the lines that are marked.
test('a release changes both versions in Chart.yaml, and nothing else in it', () => {
  expect(config.packages['.']?.['extra-files']).toEqual([{ type: 'generic', path: 'helm/Chart.yaml' }]);
  const marked = read('helm/Chart.yaml')
    .split('\n')
    .filter((line) => line.endsWith('# x-release-please-version'));
  expect(marked.map((line) => line.split(':')[0])).toEqual(['version', 'appVersion']);
});

test('the release workflow reads the files that are there', () => {
  const release = workflows().find(({ file }) => file === 'release.yaml');
  const step = release?.jobs['release-please']?.steps?.find(({ uses }) =>
    uses?.includes('release-please-action@'),
  );
  expect(step?.with).toMatchObject({
    'config-file': '.github/release-please-config.json',
    'manifest-file': '.github/release-please-manifest.json',
  });
});

test('a changelog that release-please writes does not have to be formatted as ours', () => {
  expect(read('.prettierignore').split('\n')).toContain('CHANGELOG.md');
});

test('dependencies rest for a week before they are proposed', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as {
    updates: { 'package-ecosystem': string; cooldown: object; groups: object }[];
  };
  const ecosystems = updates.map((update) => update['package-ecosystem']).sort();
  const compose = existsSync(join(ROOT, 'compose.yaml')) ? ['docker-compose'] : [];
  expect(ecosystems).toEqual(['docker', ...compose, 'github-actions', 'npm']);
  for (const { cooldown, groups } of updates) {
    expect(cooldown).toEqual({ 'default-days': 7 });
    expect(Object.keys(groups).length).toBeGreaterThan(0);
  }
});
