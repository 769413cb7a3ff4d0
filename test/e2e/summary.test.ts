import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const SUMMARY = fileURLToPath(new URL('summary.mjs', import.meta.url));
const NOTHING_LOST = { verdict: 'nothing lost', passed: true, sent: 100, lost: 0 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `kubectl get pods --watch` says of a pod that leaves. */
function leaving(name: string, state: object): string {
  const metadata = { name, deletionTimestamp: '2026-01-01T00:00:00Z' };
  return `${JSON.stringify({ metadata, status: { containerStatuses: [{ state }] } }, undefined, 4)}\n`;
}

function summaryOf(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `rollout.${name}`), text);
  const { status, stdout } = spawnSync(process.execPath, [SUMMARY, folder, 'rollout'], { encoding: 'utf8' });
  const { pods } = JSON.parse(readFileSync(join(folder, 'rollout.json'), 'utf8')) as { pods: unknown[] };
  return { status, stdout, pods };
}

test('how a pod has ended is what its termination message says', () => {
  const message = JSON.stringify({ event: 'shutdown', outcome: 'clean', exitCode: 0 });

  const { status, stdout } = summaryOf({
    'load.log': JSON.stringify(NOTHING_LOST),
    pods: leaving('a', { running: {} }) + leaving('a', { terminated: { exitCode: 0, message } }),
  });

  expect(stdout).toMatch('a left: exit code 0, clean');
  expect(status).toBe(0);
});

test('where no end was seen, the log of the pod has the same report', () => {
  const report = { event: 'shutdown', outcome: 'cut', exitCode: 80 };

  const { status, stdout, pods } = summaryOf({
    'load.log': JSON.stringify(NOTHING_LOST),
    pods: leaving('a', { running: {} }) + leaving('a', { waiting: { reason: 'ContainerCreating' } }),
    'a.log': `{"event":"request"}\nnot JSON\n${JSON.stringify(report)}\n`,
  });

  expect(stdout).toMatch('a left: exit code 80, cut');
  expect(pods).toEqual([{ pod: 'a', exitCode: 80, report }]);
  expect(status).toBe(1); // nothing was lost, and yet something was cut
});

test('a pod that left neither is said to', () => {
  const { stdout } = summaryOf({
    'load.log': JSON.stringify(NOTHING_LOST),
    pods: leaving('a', { running: {} }),
  });

  expect(stdout).toMatch('a left: its end was not seen, no report');
});
