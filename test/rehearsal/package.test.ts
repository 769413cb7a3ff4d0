import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { actions } from '../support/workflows.ts';

const WORKSPACE = fileURLToPath(new URL('../../rehearsal/', import.meta.url));
const SERVICE = fileURLToPath(new URL('plain-service.mjs', import.meta.url));
const MINUTE = 60_000;

let folder = '';
/** Somebody else's folder, with what the tarball brings and nothing else. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  const pack = ['pack', '--silent', '--pack-destination', folder];
  const tarball =
    execFileSync('npm', pack, { cwd: WORKSPACE, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const install = [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    join(folder, tarball),
  ];
  execFileSync('npm', install, { cwd: folder, stdio: 'pipe' });
  copyFileSync(SERVICE, join(folder, 'service.mjs'));
}, 3 * MINUTE);
afterAll(() => rmSync(folder, { recursive: true }));

/** The command as it was installed. */
async function rehearse(...args: string[]) {
  const command = join(folder, 'node_modules/.bin/lastcall-rehearse');
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env['PATH'] };
    execFile(command, args, { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

test('the package has one command, no sources, and nothing that only the service needs', () => {
  const installed = join(folder, 'node_modules/lastcall-rehearse');
  const { bin, dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    dependencies: Record<string, string>;
  };

  expect(Object.keys(bin)).toEqual(['lastcall-rehearse']);
  expect(existsSync(join(installed, 'dist/command/main.js'))).toBe(true);
  expect(existsSync(join(installed, 'command'))).toBe(false);
  expect(Object.keys(dependencies)).not.toContain('pino');
});

test(
  'installed anywhere, it rehearses a plain service that loses requests: it names the loss, and exits with 1',
  async () => {
    const load = ['--rate', '100', '--clients', '20', '--fresh', '60%', '--steady', '500ms', '--tail', '0'];
    const command = `${process.execPath} service.mjs`;

    const { code, stdout } = await rehearse('--command', command, '--replicas', '2', ...load);

    expect(stdout).toMatch(/^✗ [1-9]\d* of \d+ requests lost/);
    expect(stdout).toMatch(/connections were refused .* after SIGTERM: endpoints were removed after/);
    expect(stdout).toMatch(/go on listening for at least 2s\s+after\s+SIGTERM/);
    expect(code).toBe(1);
  },
  MINUTE,
);

test(
  'where there is no built service, it asks for a command instead of looking for one, exit 2',
  async () => {
    const { code, stderr } = await rehearse();

    expect(stderr).toMatch(/there is no built service in .*: expected --command/);
    expect(stderr).toMatch(/lastcall-rehearse --help lists the options/);
    expect(code).toBe(2);
  },
  MINUTE,
);

test(
  'the action leaves summary, page, picture, JSON and JUnit, and fails as the command does',
  async () => {
    const script = actions()
      .find(({ name }) => name === 'rehearsal')
      ?.runs.steps.find(({ id }) => id === 'rehearse')?.run;
    const summary = join(folder, 'summary.md');
    const output = join(folder, 'output');
    const env = {
      PATH: process.env['PATH'],
      GITHUB_ACTION_PATH: join(folder, 'node_modules/lastcall-rehearse'),
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_OUTPUT: output,
      RUNNER_TEMP: folder,
      COMMAND: `${process.execPath} service.mjs`,
      MANIFEST: '',
      SCENARIO: 'rollout',
      FAIL_ON: 'unexpected',
      OPTIONS: `--rate 100 --clients 20 --fresh 60% --replicas 1\n--steady 500ms --tail 0 --header 'X-Two: a b $(id)'`,
    };
    const { status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script ?? 'false'], {
      cwd: folder,
      env,
    });

    const [, results = ''] = /^results=(.*)$/m.exec(readFileSync(output, 'utf8')) ?? [];
    expect(readdirSync(results).sort()).toEqual([
      'index.html',
      'junit.xml',
      'result.json',
      'summary.md',
      'timeline.svg',
    ]);
    const { settings } = JSON.parse(readFileSync(join(results, 'result.json'), 'utf8')) as Result;
    expect(settings.headers).toEqual({ 'X-Two': 'a b $(id)' });
    expect(readFileSync(summary, 'utf8')).toMatch(/\| ✗ \| rollout \| [1-9][^]*→ [^]*```mermaid\ngantt\n/);
    expect(status).toBe(1);
  },
  MINUTE,
);

test(
  'what is to compare with comes with it',
  async () => {
    const load = ['--rate', '50', '--clients', '5', '--steady', '200ms', '--tail', '0', '--replicas', '1'];
    const command = `${process.execPath} service.mjs`;

    const { code, stdout, stderr } = await rehearse('--command', command, ...load, '--compare', 'terminus');

    expect(stderr).not.toMatch(/does not start/);
    expect(stdout).toMatch(/with Express with @godaddy\/terminus/);
    expect([0, 1]).toContain(code);
  },
  MINUTE,
);
