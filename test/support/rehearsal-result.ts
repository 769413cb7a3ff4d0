import type { ProcessReport } from '../../rehearsal/subject/process-report.ts';
import type { Cause } from '../../rehearsal/load/ledger.ts';
import type { Loss, Phase, ReplicaResult, Result, Totals } from '../../rehearsal/verdict/result.ts';

/** What is to happen in a made-up rehearsal; times in ms. */
interface Plan {
  replicas?: number;
  rate?: number;
  windowMs?: number;
  lagMs?: number;
  graceMs?: number;
  /** Requests that each replica that leaves loses, and how. */
  losses?: { cause: Cause; each: number; afterSigtermMs: [from: number, to: number]; kind?: Loss['kind'] }[];
  /** Requests that nobody could take, in all. */
  noEndpoint?: number;
  /** How the replicas that leave end; by themselves, if not said. */
  killed?: 'grace' | 'crash';
}

const STEADY_MS = 5000;
const START_MS = 1200;
const SLICE_MS = 250;

/** A rollout as a Deployment does it, one replica after the other, in which nothing is lost unless the plan says so. */
export function rehearsal(plan: Plan = {}, changes: Partial<Result> = {}): Result {
  const { replicas: size = 3, rate = 300, windowMs = 5000, lagMs = 1000, graceMs = 30_000 } = plan;
  const random = seeded(7);
  const old = numbers(size).map((i) => leaving(`old-${i + 1}`, STEADY_MS + START_MS * (i + 1), plan));
  const toMs = Math.max(...old.map(({ exit }) => exit?.atMs ?? 0));
  const durationMs = toMs + 5000;
  const fresh = numbers(size).map((i) => arriving(`new-${i + 1}`, STEADY_MS + START_MS * i, durationMs));
  const replicas = [...old, ...fresh];
  const change = { fromMs: STEADY_MS, toMs };
  const phaseAt = (ms: number): Phase =>
    ms < change.fromMs ? 'steady' : ms < change.toMs ? 'change' : 'after';
  const losses = [
    ...old.flatMap((replica) => lossesOf(replica, plan, phaseAt, random)),
    ...numbers(plan.noEndpoint ?? 0).map((i) => ({
      ...lost('no-endpoint', 'get', STEADY_MS + 2000 + i * 7, phaseAt),
      detail: 'no endpoints',
    })),
  ].sort((a, b) => a.failedAtMs - b.failedAtMs);

  const timeline = numbers(Math.ceil(durationMs / SLICE_MS)).map((i) => {
    const fromMs = i * SLICE_MS;
    const due = replicas.filter(
      ({ inRotation, exit }) =>
        fromMs < (exit?.atMs ?? Infinity) &&
        inRotation.some((span) => span.fromMs <= fromMs && fromMs < span.toMs),
    );
    const gone = losses.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + SLICE_MS);
    const answered: Record<string, number> = {};
    const share = (rate * SLICE_MS) / 1000 / Math.max(1, due.length);
    for (const { name } of due) answered[name] = Math.round(share * (0.85 + 0.3 * random()));
    const p50 = 2 + random();
    const p99 = p50 * (3 + 3 * random()) + (phaseAt(fromMs) === 'change' ? 12 * random() : 0);
    return {
      fromMs,
      toMs: fromMs + SLICE_MS,
      sent: sum(Object.values(answered)) + gone.length,
      lost: gone.length,
      answered,
      p50,
      p99,
      max: p99 * (1.2 + random() * (phaseAt(fromMs) === 'change' ? 40 : 2)),
    };
  });

  for (const replica of replicas) {
    replica.answered = sum(timeline.map(({ answered }) => answered[replica.name] ?? 0));
    replica.lost = losses.filter((loss) => loss.replica === replica.name).length;
    if (replica.report === undefined) continue;
    replica.reported = replica.answered;
    replica.agrees = true;
  }
  const totals = (phase?: Phase): Totals => {
    const slices = timeline.filter(({ fromMs }) => phase === undefined || phaseAt(fromMs) === phase);
    const answered = sum(slices.flatMap((slice) => Object.values(slice.answered)));
    const missing = losses.filter((loss) => phase === undefined || loss.phase === phase).length;
    return { sent: answered + missing, answered, lost: missing, open: 0 };
  };
  return {
    version: 2,
    verdict: losses.length > 0 ? 'lost' : 'nothing-lost',
    startedAt: '2026-11-22T10:00:00.000Z',
    scenario: { name: 'rollout', description: 'A Deployment replaces all of its replicas, one at a time.' },
    program: 'the built service',
    settings: {
      arguments: ['--rate', String(rate)],
      command: ['node', 'dist/main.js'],
      ports: { traffic: 'PORT', others: ['MANAGEMENT_PORT'] },
      replicas: size,
      maxSurge: 1,
      maxUnavailable: 0,
      minReadyMs: 0,
      rate,
      clients: 64,
      shares: { fresh: 0.1, slow: 0.02, post: 0.2 },
      headers: {},
      slowMs: 1500,
      postBytes: 1024,
      routes: { get: '/', slow: '/slow?ms=%ms', post: '/echo', stream: '/events', webSocket: '/' },
      streams: 6,
      webSockets: 6,
      timeoutMs: 10_000,
      steadyMs: STEADY_MS,
      tailMs: 5000,
      endpointLagMs: lagMs,
      jitter: 0.2,
      nodes: 3,
      https: false,
      graceMs,
      preStopMs: 0,
      stopSignal: 'SIGTERM',
      startup: undefined,
      liveness: undefined,
      readiness: {
        port: 'MANAGEMENT_PORT',
        path: '/readyz',
        https: false,
        initialDelayMs: 0,
        periodMs: 2000,
        timeoutMs: 1000,
        failureThreshold: 1,
        successThreshold: 1,
      },
      stallMs: 0,
      environment: windowMs === 5000 ? {} : { SHUTDOWN_WINDOW: `${windowMs / 1000}s` },
      seed: 7,
    },
    durationMs,
    change,
    requests: totals(),
    phases: { steady: totals('steady'), change: totals('change'), after: totals('after') },
    latency: {
      steady: { count: totals('steady').answered, p50: 2.4, p90: 4.1, p99: 11.2, max: 31 },
      change: { count: totals('change').answered, p50: 2.6, p90: 5.3, p99: 21.8, max: 812 },
    },
    replicas,
    losses,
    findings: [],
    timeline,
    unexpected: changes.expected === undefined ? losses.length : 0,
    agreement: 'agree',
    ...changes,
  };
}

/** The window is over before the balancers know: connections are refused for almost two seconds. */
export function refusedRehearsal(): Result {
  const plan: Plan = {
    windowMs: 1000,
    lagMs: 3000,
    losses: [{ cause: 'refused', each: 13, afterSigtermMs: [1200, 2900] }],
  };
  return rehearsal(plan, {
    findings: [
      {
        severity: 'loss',
        lost: 39,
        text: 'New connections were refused between 1.2 s and 2.9 s after SIGTERM, because each replica closed its listener while a balancer still had it as an endpoint.',
        advice:
          'Set SHUTDOWN_WINDOW to 4s or more: it has to be longer than endpoints take to disappear (3 s here).',
        setting: 'SHUTDOWN_WINDOW',
      },
      { severity: 'note', lost: 0, text: 'Latency did not suffer: p99 was 22 ms during the rollout.' },
    ],
  });
}

/** The grace period is over before the slow requests are. */
export function killedRehearsal(): Result {
  const plan: Plan = {
    graceMs: 6000,
    killed: 'grace',
    losses: [
      { cause: 'broken', each: 4, afterSigtermMs: [6000, 6001], kind: 'slow' },
      { cause: 'reset-kept', each: 3, afterSigtermMs: [6000, 6050] },
      { cause: 'reset-new', each: 1, afterSigtermMs: [5990, 6040] },
    ],
  };
  const made = rehearsal(plan, {
    agreement: 'unknown',
    findings: [
      {
        severity: 'loss',
        lost: 24,
        text: 'Every replica was killed at the end of its grace period of 6 s with requests in flight.',
        advice: 'Set terminationGracePeriodSeconds to 30.',
        setting: 'terminationGracePeriodSeconds',
      },
    ],
  });
  const [, , last] = made.replicas;
  if (last === undefined) throw new Error('a third replica was expected');
  // The last one cut its requests by itself, just in time.
  delete last.killed;
  last.exit = { atMs: last.exit?.atMs ?? 0, code: 80, signal: null };
  last.report = report({ cut: ['/slow', '/slow', '/events'], window: 5000, drain: 900 });
  last.reported = last.answered + 2;
  last.agrees = false;
  return { ...made, agreement: 'differ' };
}

/** So many losses in one place that marks for each of them would hide everything. */
export function heavyRehearsal(replicas = 3): Result {
  const plan: Plan = {
    replicas,
    rate: 2000,
    windowMs: 0,
    lagMs: 4000,
    noEndpoint: 640,
    losses: [
      { cause: 'refused', each: 700, afterSigtermMs: [20, 3990] },
      { cause: 'reset-kept', each: 60, afterSigtermMs: [0, 40] },
      { cause: 'timeout', each: 20, afterSigtermMs: [500, 3000] },
      { cause: 'status', each: 40, afterSigtermMs: [0, 800] },
    ],
  };
  return rehearsal(plan, {
    findings: [
      {
        severity: 'loss',
        lost: 700 * replicas,
        text: 'New connections were refused for 4 s after each SIGTERM, because the listener was closed at once.',
        advice: 'Set SHUTDOWN_WINDOW to 5s.',
        setting: 'SHUTDOWN_WINDOW',
      },
      { severity: 'warning', lost: 0, text: 'Five sixths of the streams were never told to go elsewhere.' },
    ],
  });
}

/** A crash: nobody can answer what was in flight, which is to be expected. */
export function crashRehearsal(): Result {
  const plan: Plan = {
    killed: 'crash',
    losses: [{ cause: 'reset-kept', each: 5, afterSigtermMs: [0, 60] }],
  };
  return rehearsal(plan, {
    scenario: { name: 'crash', description: 'Replicas crash, one after the other, without a word.' },
    expected: { lost: 16, why: 'a process that is killed at once cannot answer what is in flight.' },
    agreement: 'unknown',
  });
}

/** A report as the service logs it, as far as it is read. */
export function report({
  cut = [],
  window,
  drain,
}: {
  cut?: string[];
  window: number;
  drain: number;
}): ProcessReport {
  return {
    event: 'shutdown',
    reason: 'SIGTERM',
    outcome: cut.length > 0 ? 'cut' : 'clean',
    exitCode: cut.length > 0 ? 80 : 0,
    ms: { window, drain, cleanup: 3, finalScrape: 0, total: window + drain + 3 },
    listeners: [
      {
        connections: { cut: cut.length },
        requests: {
          served: 120,
          drained: 2,
          aborted: 0,
          cut: cut.length,
          lifetime: { answered: 900 - cut.length },
        },
      },
    ],
    cutRequests: cut.map((route, i) => ({ method: 'GET', route, ageMs: 900 + 100 * i })),
  };
}

function leaving(name: string, sigtermAtMs: number, plan: Plan): ReplicaResult {
  const { windowMs = 5000, lagMs = 1000, graceMs = 30_000, killed } = plan;
  const drainMs = 1004;
  const ends = { grace: graceMs, crash: 15 };
  const endsAtMs = sigtermAtMs + (killed === undefined ? windowMs + drainMs + 3 : ends[killed]);
  const states = [
    { state: 'starting', fromMs: -3400, toMs: -2200 },
    { state: 'ready', fromMs: -2200, toMs: sigtermAtMs },
    { state: 'lame-duck', fromMs: sigtermAtMs, toMs: sigtermAtMs + windowMs },
    { state: 'draining', fromMs: sigtermAtMs + windowMs, toMs: sigtermAtMs + windowMs + drainMs },
    {
      state: 'cleanup',
      fromMs: sigtermAtMs + windowMs + drainMs,
      toMs: sigtermAtMs + windowMs + drainMs + 3,
    },
  ];
  const crashed = killed === 'crash';
  return {
    name,
    states: states
      .filter(({ fromMs }) => fromMs < endsAtMs)
      .map((span) => ({ ...span, toMs: Math.min(span.toMs, endsAtMs) })),
    inRotation: [{ fromMs: -2000, toMs: sigtermAtMs + lagMs }],
    ...(!crashed && { deletedAtMs: sigtermAtMs, sigtermAtMs }),
    exit: killed
      ? { atMs: endsAtMs, code: null, signal: 'SIGKILL' }
      : { atMs: endsAtMs, code: 0, signal: null },
    ...(killed && { killed }),
    ...(!killed && { report: report({ window: windowMs, drain: drainMs }) }),
    answered: 0,
    lost: 0,
    open: 0,
  };
}

function arriving(name: string, fromMs: number, toMs: number): ReplicaResult {
  const readyAtMs = fromMs + START_MS;
  return {
    name,
    states: [
      { state: 'starting', fromMs, toMs: readyAtMs },
      { state: 'ready', fromMs: readyAtMs, toMs },
    ],
    inRotation: [{ fromMs: readyAtMs + 300, toMs }],
    answered: 0,
    lost: 0,
    open: 0,
  };
}

function lossesOf(
  replica: ReplicaResult,
  plan: Plan,
  phaseAt: (ms: number) => Phase,
  random: () => number,
): Loss[] {
  const goneMs = replica.sigtermAtMs ?? (replica.exit?.atMs ?? 0) - 15;
  return (plan.losses ?? []).flatMap(({ cause, each, afterSigtermMs: [from, to], kind = 'get' }) =>
    numbers(each).map(() => {
      const afterSigtermMs = from + random() * (to - from);
      const state = replica.states.find((span) => span.toMs > goneMs + afterSigtermMs)?.state;
      return {
        ...lost(cause, kind, goneMs + afterSigtermMs, phaseAt),
        replica: replica.name,
        afterSigtermMs,
        ...(state !== undefined && { state }),
      };
    }),
  );
}

const DETAILS: Partial<Record<Cause, string>> = {
  refused: 'ECONNREFUSED',
  status: '503',
  timeout: 'after 5 s',
};

function lost(cause: Cause, kind: Loss['kind'], failedAtMs: number, phaseAt: (ms: number) => Phase): Loss {
  return {
    cause,
    kind,
    method: 'GET',
    path: kind === 'slow' ? '/slow?ms=1500' : '/',
    atMs: failedAtMs - (kind === 'slow' ? 1200 : 1),
    failedAtMs,
    phase: phaseAt(failedAtMs),
    detail: DETAILS[cause] ?? 'ECONNRESET',
  };
}

function numbers(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The same numbers in every run: a linear congruential generator. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}
