import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { childOf, gone, processesWith, testWithProc } from '../support/proc.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
const FAULTY = join(ROOT, 'test/rehearsal/faulty.mjs');
const MINUTE = 60_000;
/** Small enough for a test. */
const SHORT = [
  '--rate',
  '50',
  '--clients',
  '10',
  '--replicas',
  '1',
  '--steady',
  '300ms',
  '--tail',
  '0',
  '--endpoint-lag',
  '200ms',
];
const QUICK = [
  '--env',
  'SHUTDOWN_WINDOW=1s',
  '--env',
  'SHUTDOWN_QUIET_PERIOD=0',
  '--env',
  'SHUTDOWN_KEEP_ALIVE_MIN_IDLE=100ms',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** `npm run rehearse -- …`, without npm. */
function rehearse(...args: string[]) {
  return running(process.execPath, TSX, join(ROOT, 'scripts/rehearse.ts'), ...args);
}

function running(file: string, ...args: string[]) {
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    children.delete(child);
    return { code: code as number | null, signal: signal as string | null, ...output };
  });
  /** Resolves when it has said so on the standard error. */
  const said = async (pattern: RegExp) => {
    while (!pattern.test(output.stderr)) {
      if (child.exitCode !== null) throw new Error(`it ended without ${pattern}: ${output.stderr}`);
      await Promise.race([once(child.stderr, 'data'), ended]);
    }
  };
  return { child, said, ended };
}

test(
  'a rollout that loses nothing ends with 0, a summary for people and a result for programs',
  async () => {
    const json = join(folder, 'result.json');
    const html = join(folder, 'result.html');

    const { code, stdout, stderr } = await rehearse(...SHORT, ...QUICK, '--json', json, '--html', html).ended;

    expect({ code, stderr: stderr.includes('old-1: SIGTERM') }).toEqual({ code: 0, stderr: true });
    expect(stdout).toMatch(/^✓ 0 of \d+ requests lost/);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
    const result = JSON.parse(readFileSync(json, 'utf8')) as Result;
    expect(result).toMatchObject({
      version: 2,
      scenario: { name: 'rollout' },
      requests: { lost: 0 },
      agreement: 'agree',
    });
    expect(result.settings.environment).toEqual({
      SHUTDOWN_WINDOW: '1s',
      SHUTDOWN_QUIET_PERIOD: '0',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '100ms',
    });
  },
  MINUTE,
);

test(
  'a rollout that loses something ends with 1 and says what to set, and one file that fails costs no other',
  async () => {
    const zero = [
      '--env',
      'SHUTDOWN_WINDOW=0',
      '--env',
      'SHUTDOWN_QUIET_PERIOD=0',
      '--endpoint-lag',
      '1s',
      '--fresh',
      '1',
    ];

    const gone = mkdtempSync(join(folder, 'gone-'));
    const json = join(folder, 'loss.json');
    const files = ['--svg', join(gone, 'picture.svg'), '--json', json];
    const { said, ended } = rehearse(...SHORT, ...zero, ...files);
    await said(/in rotation/);
    rmSync(gone, { recursive: true });
    const { code, stdout, stderr } = await ended;

    expect(stderr).toMatch(/^--svg: .*picture\.svg could not be written: ENOENT/m);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ verdict: 'lost' });
    expect(stdout).toMatch(/^✗ [1-9]\d* of \d+ requests lost/);
    expect(stdout).toMatch(/→ Set SHUTDOWN_WINDOW to at least 2s\./);
    expect(code).toBe(1);
  },
  MINUTE,
);

test(
  'several scenarios end with 0 if nothing was lost but what had to be, each with its own verdict',
  async () => {
    const [html, junit] = [join(folder, 'all.html'), join(folder, 'all.xml')];
    const command = `${process.execPath} ${FAULTY} none`;
    const wanted = ['--scenario', 'crash,scale-down', '--fresh', '80%', '--fail-on', 'unexpected'];
    const files = ['--html', html, '--junit', junit, '--json'];

    const args = [...SHORT, '--command', command, ...wanted, '--replicas', '2', ...files];
    const { code, stdout } = await rehearse(...args).ended;

    const results = JSON.parse(stdout) as Result[];
    expect(results.map(({ scenario, unexpected }) => [scenario.name, unexpected])).toEqual([
      ['crash', 0],
      ['scale-down', 0],
    ]);
    expect(results[0]?.requests.lost).toBeGreaterThan(0);
    expect(readFileSync(html, 'utf8')).toMatch(/<title>1 of 2 scenarios lost requests<\/title>/);
    expect(readFileSync(junit, 'utf8')).toMatch(/tests="2" failures="0" errors="0"/);
    expect(code).toBe(0);
  },
  MINUTE,
);

test(
  'with --json alone, nothing but the result is on the standard output',
  async () => {
    const command = `${process.execPath} ${FAULTY} none`;

    const { code, stdout, stderr } = await rehearse(...SHORT, '--command', command, '--json').ended;

    expect(JSON.parse(stdout)).toMatchObject({ program: command, requests: { lost: 0 } });
    expect(stderr).toMatch(/✓ 0 of \d+ requests lost/);
    expect(code).toBe(0);
  },
  MINUTE,
);

test.each([
  [['--rate', '0'], /--rate.*'0'.*expected a whole number from 1 to 100000/],
  [
    ['--env', 'SHUTDOWN_WINDOW=5'],
    /would not start with these settings:\n[^]*SHUTDOWN_WINDOW="5": expected a duration/,
  ],
  [['--values', 'nowhere.yaml'], /nowhere\.yaml/],
])(
  '%j is refused with what was expected, exit 2',
  async (args, message) => {
    const { code, stdout, stderr } = await rehearse(...args).ended;

    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  },
  MINUTE,
);

test(
  'a program that does not start is said to, with its last words, exit 2',
  async () => {
    const command = `${process.execPath} -e "console.error('no such table'); process.exit(3)"`;

    const { code, stderr } = await rehearse(...SHORT, '--command', command).ended;

    expect(stderr).toMatch(/old-1 does not start, it ended with exit 3 every time:\n {2}no such table/);
    expect(code).toBe(2);
  },
  MINUTE,
);

test(
  'a load that this machine can not make is inconclusive, exit 2',
  async () => {
    const command = `${process.execPath} ${FAULTY} none`;

    const { code, stdout } = await rehearse(...SHORT, '--command', command, '--rate', '20000').ended;

    expect(stdout).toMatch(/^\? Inconclusive \([\d,]+ of [\d,]+ requests lost\): this machine sent/);
    expect(code).toBe(2);
  },
  MINUTE,
);

test(
  'a program that has other paths is said to, with the flag for them, exit 2',
  async () => {
    const page = "(q, r) => r.writeHead(q.url === '/hello' ? 200 : 404).end()";
    const code404 = `require('http').createServer(${page}).listen(process.env.PORT)`;
    const command = `${process.execPath} -e "${code404}"`;

    const without = await rehearse(...SHORT, '--command', command).ended;
    const told = await rehearse(...SHORT, '--command', command, '--path', '/hello').ended;

    expect(without.stderr).toMatch(
      /before anything has changed: .*\n {2}GET \/: status 404; --path says another/,
    );
    expect({ code: without.code, stdout: without.stdout }).toEqual({ code: 2, stdout: '' });
    expect(told.code).not.toBe(2);
  },
  MINUTE,
);

test(
  'a reader who has seen enough does not end it',
  async () => {
    const json = join(folder, 'unread.json');
    const { child, said, ended } = rehearse(...SHORT, ...QUICK, '--json', json);
    await said(/in rotation/);

    child.stdout?.destroy();
    child.stderr?.destroy();
    const { code } = await ended;

    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ requests: { lost: 0 } });
  },
  MINUTE,
);

const testWherePossible = testWithProc();

testWherePossible.each([
  ['SIGINT', 'while its replicas start', /old-1: starting/, 130],
  ['SIGINT', 'before anything has changed', /in rotation/, 130],
  ['SIGINT', 'during the change', /old-.: SIGTERM/, 130],
  ['SIGINT', 'while a replica gets no CPU', /old-.: gets no CPU/, 130],
  ['SIGKILL', 'while a replica gets no CPU', /old-.: gets no CPU/, null],
  ['SIGTERM', 'during the change', /old-.: SIGTERM/, 143],
  ['SIGHUP', 'during the change', /old-.: SIGTERM/, 129],
  ['SIGKILL', 'during the change', /old-.: SIGTERM/, null],
] as const)(
  'a rehearsal that gets %s %s ends at once and leaves no process behind',
  async (signal, moment, when, expected) => {
    const marker = `REHEARSAL_TEST=${process.pid}-${signal}-${moment.length}`;
    const command = `${marker} ${process.execPath} ${FAULTY} ignores-sigterm`;
    const frozen = moment === 'while a replica gets no CPU';
    // Longer than the test may take, where it is to be ended before.
    const steady = moment === 'during the change' || frozen ? '300ms' : '5m';
    const { child, said, ended } = rehearse(
      ...SHORT,
      '--replicas',
      '2',
      '--steady',
      steady,
      '--stall',
      frozen ? '1m' : '0',
      '--command',
      command,
    );
    await said(when);
    if (moment !== 'while its replicas start') expect(processesWith(marker)).not.toEqual([]);

    // tsx runs the program in a process of its own, and passes on what Ctrl-C and `kill` send.
    const passedOn = signal === 'SIGINT' || signal === 'SIGTERM';
    if (passedOn) child.kill(signal);
    else process.kill(childOf(child.pid), signal);
    const { code } = await ended;
    await gone(marker);

    if (expected !== null) expect(code).toBe(expected);
  },
  MINUTE,
);

testWherePossible(
  'SIGTERM for npm, as a CI sends it, ends it too',
  async () => {
    const marker = `REHEARSAL_TEST=${process.pid}-npm`;
    const command = `${marker} ${process.execPath} ${FAULTY} ignores-sigterm`;
    const npm = ['npm', 'run', '--ignore-scripts', 'rehearse', '--'] as const; // without the build
    const { child, said, ended } = running(...npm, ...SHORT, '--steady', '5m', '--command', command);
    await said(/in rotation/);
    expect(processesWith(marker)).not.toEqual([]);

    child.kill('SIGTERM');
    await ended; // its output, too, which the rehearsal holds open for as long as it runs

    await gone(marker);
  },
  MINUTE,
);
