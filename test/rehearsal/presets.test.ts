// Rollouts with the values for platforms, at the lag that each assumes: docs/platforms.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { own } from '../harness/own.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { PRESETS } from '../support/presets.ts';

/** One window of the longest takes most of it. */
const LIMIT_MS = 180_000;
/** Enough to lose something, and little enough for several at once. */
const LOAD = ['--rate', '40', '--clients', '10', '--replicas', '1', '--steady', '1s', '--tail', '500ms'];

/** The longest first: a few run at once. */
const SORTED = PRESETS.toSorted((a, b) => Number.parseInt(b.lag, 10) - Number.parseInt(a.lag, 10));

test.each(SORTED)(
  'a rollout with the preset $name loses nothing',
  async ({ file, lag }) => {
    const args = ['--values', file, '--endpoint-lag', lag, ...LOAD, '--json'];
    const child = spawn(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'scripts/rehearse.ts', ...args], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    own(() => child.kill('SIGTERM'));
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number]>,
    ]);

    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const { requests } = JSON.parse(stdout) as Result;
    expect(requests).toMatchObject({ lost: 0 });
    expect(requests.sent).toBeGreaterThan(100);
  },
  LIMIT_MS,
);
