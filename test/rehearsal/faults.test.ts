import { expect, test } from '@jest/globals';
import type { Finding, Result } from '../../rehearsal/verdict/result.ts';
import { ROUTES } from '../../rehearsal/subject/routes.ts';
import { faulty, planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

const MINUTE = 60_000;

/** The finding about a setting; it fails with all that was found instead. */
function findingOn(setting: string, { findings }: Result): Finding {
  const found = findings.find((finding) => finding.setting === setting);
  if (found === undefined)
    throw new Error(`nothing about ${setting} in ${JSON.stringify(findings, null, 1)}`);
  return found;
}

test(
  'a window that is shorter than the endpoint lag is found, with the window that would do',
  async () => {
    const short = service({ SHUTDOWN_WINDOW: '300ms', SHUTDOWN_WINDOW_MAX: '300ms' });
    const result = await rehearsed(planOf(short, { network: { endpointLagMs: 1500, jitter: 0 } }));

    expect(result.losses.filter(({ cause }) => cause === 'refused').length).toBeGreaterThan(5);
    const { text, advice } = findingOn('SHUTDOWN_WINDOW', result);
    expect(text).toMatch(
      /connections were refused 0\.\d-1\.\d s after SIGTERM: endpoints were removed after 1\.\d s/,
    );
    expect(text).toMatch(/the window was over after (2[5-9]|3\d)\d ms/);
    expect(advice).toMatch(/^Set SHUTDOWN_WINDOW to at least [23]s\.$/);
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

test(
  'a program that stops listening at SIGTERM is told to wait',
  async () => {
    const result = await rehearsed(planOf(faulty('closes-at-once'), { network: { endpointLagMs: 800 } }));

    expect(result.requests.lost).toBeGreaterThan(3);
    expect(findingOn('preStop', result).advice).toMatch(/go on listening for at least 2s after SIGTERM/);
    expect(result.agreement).toBe('unknown');
  },
  MINUTE,
);

test(
  'a program that SIGTERM ends is told to handle it, and not to be npm',
  async () => {
    const result = await rehearsed(planOf(faulty('no-handler'), { network: { endpointLagMs: 800 } }));

    const { text, advice } = findingOn('SIGTERM', result);
    expect(text).toMatch(/SIGTERM ended the program at once/);
    expect(advice).toMatch(/not npm or a shell.* go on listening for at least 2s after SIGTERM/);
  },
  MINUTE,
);

test(
  'no window is blamed for what SIGKILL has closed',
  async () => {
    const patient = service({ SHUTDOWN_WINDOW: '5s', SHUTDOWN_WINDOW_MAX: '5s' });
    const result = await rehearsed(
      planOf(patient, { pod: { graceMs: 300 }, network: { endpointLagMs: 1500 }, load: { fresh: 1 } }),
    );

    expect(result.requests.lost).toBeGreaterThan(5);
    expect(findingOn('terminationGracePeriodSeconds', result).lost).toBe(result.requests.lost);
  },
  MINUTE,
);

test(
  'a preStop sleep makes up for it',
  async () => {
    const result = await rehearsed(
      planOf(faulty('closes-at-once'), { pod: { preStopMs: 800 }, load: { fresh: 1 } }),
    );

    expect(result.losses).toEqual([]);
  },
  MINUTE,
);

test(
  'a program that keeps its clients until it closes their connections is told about Connection: close',
  async () => {
    const result = await rehearsed(planOf(faulty('no-header'), { load: { rate: 300 } }));

    const { text, severity } = findingOn('Connection: close', result);
    expect(text).toMatch(/ 0 (had )?said Connection: close/);
    expect(severity).toBe(result.requests.lost > 0 ? 'loss' : 'warning');
  },
  MINUTE,
);

test(
  'a reset under a request on a kept connection is found',
  async () => {
    const result = await rehearsed(planOf(faulty('resets-kept-connections')));

    expect(result.losses.length).toBeGreaterThan(0);
    expect(new Set(result.losses.map(({ cause }) => cause))).toEqual(new Set(['reset-kept']));
    expect(findingOn('Connection: close', result).lost).toBe(result.losses.length);
  },
  MINUTE,
);

test.each([
  ['rejects', 'status', /got the wrong answer \(\d+ status 503\) from old-1/],
  ['breaks-answers-off', 'broken', /answers were broken off half-way, 0\.\d/],
  ['hangs', 'timeout', /had no whole answer when the client gave up|got no answer: after/],
])(
  'a program that %s when it leaves is found',
  async (fault, cause, text) => {
    const result = await rehearsed(planOf(faulty(fault), { load: { timeoutMs: 400 } }));

    expect(result.losses.map((loss) => loss.cause)).toContain(cause);
    expect(result.findings[0]?.text).toMatch(text);
  },
  MINUTE,
);

test(
  'a program that ignores SIGTERM is found, whether or not it cost a request',
  async () => {
    const result = await rehearsed(planOf(faulty('ignores-sigterm'), { pod: { graceMs: 1000 } }));

    expect(findingOn('SIGTERM', result).text).toMatch(/SIGKILL ended old-.* 1\.0 s after the deletion/);
    expect(result.replicas.map(({ killed }) => killed)).toEqual(['grace', 'grace', undefined, undefined]);
  },
  MINUTE,
);

test(
  'a grace period that is too short for what the service does is found',
  async () => {
    const slow = { slow: 0.2, slowMs: 4000, steadyMs: 1000 };
    const unchecked = service({ SHUTDOWN_GRACE_PERIOD: '41s' }); // what it believes; the pod has less
    const result = await rehearsed(planOf(unchecked, { pod: { graceMs: 2000 }, load: slow }));

    const { text, advice, lost } = findingOn('terminationGracePeriodSeconds', result);
    expect(lost).toBeGreaterThan(0);
    expect(text).toMatch(/SIGKILL ended .*2\.0 s after the deletion.*in the state draining/);
    expect(advice).toMatch(/SHUTDOWN_GRACE_PERIOD/);
  },
  MINUTE,
);

test(
  'a drain time-out that is shorter than a request is found, with the route that was cut',
  async () => {
    const hasty = service({ SHUTDOWN_DRAIN_TIMEOUT: '300ms' });
    const result = await rehearsed(planOf(hasty, { load: { slow: 0.2, slowMs: 4000, steadyMs: 1000 } }));

    const { text, advice } = findingOn('SHUTDOWN_DRAIN_TIMEOUT', result);
    expect(text).toMatch(/requests were cut after 3\d\d ms of drain: GET \/slow\?ms=4000/);
    expect(advice).toMatch(/SHUTDOWN_DRAIN_TIMEOUT/);
    expect(result.replicas[0]?.report?.outcome).toBe('cut');
    expect(result.agreement).toBe('agree');
  },
  MINUTE,
);

test(
  'a liveness probe that fails on a process that serves is found',
  async () => {
    const subject = faulty('none', { livePath: '/live' });
    const { liveness } = subject.pod;
    if (liveness === undefined) throw new Error('no liveness probe');
    const eager = { ...liveness, periodMs: 200, failureThreshold: 2 };
    const result = await rehearsed(planOf(subject, { pod: { liveness: eager }, load: { steadyMs: 1500 } }));

    expect(findingOn('livenessProbe', result).text).toMatch(/\/live, 2 times every 200 ms/);
    expect(result.replicas[0]?.killed).toBe('liveness');
  },
  MINUTE,
);

test(
  'a program that closes by the clock loses what came while it got no CPU, and that is named as the cause',
  async () => {
    const plan = { load: { fresh: 0.8, rate: 200 }, network: { endpointLagMs: 1000 } };
    const awake = await rehearsed(planOf(faulty('closes-by-the-clock'), plan));
    const stalled = await rehearsed(planOf(faulty('closes-by-the-clock'), { ...plan, stallMs: 2000 }));

    expect(awake.losses).toEqual([]);
    expect(stalled.requests.lost).toBeGreaterThan(5);
    const { text, lost } = findingOn('resources.limits.cpu', stalled);
    expect(text).toMatch(/got no CPU for up to 2\.\d s while it was leaving/);
    expect(lost).toBe(stalled.requests.lost);
    const [{ stalls = [], exit } = {}] = stalled.replicas;
    expect(stalls.length).toBeGreaterThan(0);
    for (const { toMs } of stalls) expect(toMs).toBeLessThanOrEqual(exit?.atMs ?? 0); // no longer than it lived
  },
  MINUTE,
);

test(
  'losses before anything has changed are not blamed on the change',
  async () => {
    const result = await rehearsed(planOf(faulty('fails-under-load')));

    expect(result.phases.steady.lost).toBeGreaterThan(0);
    expect(result.findings[0]?.text).toMatch(/\d+ of them before anything had changed \(\d+ status 500\)/);
  },
  MINUTE,
);

test(
  'a load on paths that the program does not have is refused before anything is counted',
  async () => {
    const routes = { ...ROUTES, get: '/nowhere', stream: '/no-stream', webSocket: '/no-socket' };
    const load = { routes, slow: 0.1, streams: 1, webSockets: 1 };

    await expect(rehearsed(planOf(service(), { load }))).rejects.toMatchObject({
      code: 'REHEARSAL_USAGE',
      message: expect.stringMatching(
        /before anything has changed.*\n {2}GET \/nowhere: status 404; --path says another path\n.*\/no-stream: status 404; --stream-path.*\n.*\/no-socket: .*--websocket-path[^\n]*$/,
      ),
    });
  },
  MINUTE,
);

test(
  'a program without a fault loses nothing',
  async () => {
    const result = await rehearsed(planOf(faulty('none')));

    expect(result.findings).toEqual([]);
    expect(result.requests.lost).toBe(0);
  },
  MINUTE,
);
