import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { otherProgram } from '../../rehearsal/subject/other-program.ts';
import { gone, testWithProc } from '../support/proc.ts';
import { BUILT, planOf, rehearsed } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;
const PECULIAR = fileURLToPath(new URL('peculiar.mjs', import.meta.url));

/** Any program with a peculiarity. */
const peculiar = (name: string, variables: Record<string, string> = {}) =>
  otherProgram(`${process.execPath} ${PECULIAR} ${name}`, { PATH: process.env['PATH'] }, variables);

test.each(['logs-like-the-service', 'writes-without-end'])(
  'what a program that %s writes is not taken for more than it is',
  async (name) => {
    const result = await rehearsed(planOf(peculiar(name)));

    expect(result.losses).toEqual([]);
    expect(result.agreement).toBe('unknown');
  },
  MINUTE,
);

test.each(['says-close-loudly', 'http-1.0'])(
  'a program that %s has said that the answer is the last of its connection',
  async (name) => {
    const result = await rehearsed(planOf(peculiar(name)));

    expect(result.findings).toEqual([]);
  },
  MINUTE,
);

test(
  'a kept connection that is closed as idle is told from one that is closed by a shutdown',
  async () => {
    const load = { fresh: 0, clients: 5, steadyMs: 2000 };
    const result = await rehearsed(planOf(peculiar('closes-what-is-idle'), { load }));

    expect(result.findings[0]).toMatchObject({
      setting: 'keep-alive time-out',
      text: expect.stringMatching(/met a kept connection that the program closed/),
    });
  },
  MINUTE,
);

test(
  'what is lost now and then does not hide what the change costs',
  async () => {
    const load = { fresh: 1, steadyMs: 2000 };
    // Long enough for more of them than chance explains.
    const network = { endpointLagMs: 700 };
    const result = await rehearsed(planOf(peculiar('rejects-now-and-then'), { load, network }));

    const [worst] = result.findings;
    expect(worst?.text).toMatch(/got the wrong answer \(\d+ status 503\)/);
    expect(worst?.advice).toMatch(/A service that leaves must serve, not reject/);
  },
  MINUTE,
);

test(
  'a process that ends although it was to stay is named, with how it ended',
  async () => {
    const once = join(mkdtempSync(join(tmpdir(), 'ends-')), 'ended');
    const load = { fresh: 1, steadyMs: 3000, rate: 200 };
    const result = await rehearsed(planOf(peculiar('ends-by-itself', { ONCE: once }), { load }));
    rmSync(dirname(once), { recursive: true });

    expect(result.findings[0]?.text).toMatch(/lost with old-1, which ended with exit 7 although nobody/);
    expect(result.replicas[0]?.exit).toMatchObject({ code: 0 }); // the second time
  },
  MINUTE,
);

test(
  'a program that never listens is said not to start, with what its probe met and what it wrote',
  async () => {
    const subject = otherProgram(
      `${process.execPath} -e "console.log('on port 1'); setInterval(() => {}, 1000)"`,
      { PATH: process.env['PATH'] },
      {},
    );
    const { startup } = subject.pod;
    if (startup === undefined) throw new Error('no startup probe');

    const rehearsal = rehearsed(planOf(subject, { pod: { startup: { ...startup, failureThreshold: 5 } } }));

    await expect(rehearsal).rejects.toMatchObject({
      code: 'REHEARSAL_FAILED',
      message: expect.stringMatching(
        /old-. does not start, its startup probe gave up on port \d+ \(PORT\): ECONNREFUSED:\n {2}on port 1/,
      ),
    });
  },
  MINUTE,
);

test(
  'the probes of the port of the traffic are not taken for requests that nobody has sent',
  async () => {
    const { program, pod } = otherProgram(
      `${process.execPath} ${BUILT}`,
      { PATH: process.env['PATH'] },
      { MANAGEMENT_PORT: '0', SHUTDOWN_WINDOW: '1s', SHUTDOWN_QUIET_PERIOD: '0' },
      { readyPath: '/' },
    );
    const result = await rehearsed(planOf({ program, pod }));

    expect(result.losses).toEqual([]);
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

const testWherePossible = testWithProc();

testWherePossible(
  'what a replica has started is ended with it, even a daemon that has its output',
  async () => {
    const mark = `PECULIAR_TEST=${process.pid}`;
    const result = await rehearsed(
      planOf(peculiar('leaves-a-daemon-behind', { PECULIAR_TEST: String(process.pid) })),
    );

    expect(result.replicas[0]?.exit).toMatchObject({ code: 0 });
    await gone(mark);
  },
  MINUTE,
);
