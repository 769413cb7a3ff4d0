import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

test('the tests run as ES modules, as the service does', () => {
  expect(typeof require).toBe('undefined');
  expect(import.meta.url).toMatch(/^file:/);
});

test('lint knows types: it refuses a promise that nobody waits for', () => {
  // Below test/, because only what tsconfig.json includes has types.
  const folder = mkdtempSync(join('test', 'lint-'));
  try {
    const file = join(folder, 'floating.ts');
    writeFileSync(file, 'export const wait = async (): Promise<void> => undefined;\nwait();\n');

    const { status, stdout } = spawnSync('node_modules/.bin/oxlint', [file], { encoding: 'utf8' });

    expect(status).not.toBe(0);
    expect(stdout).toContain('no-floating-promises');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
