import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from './cluster/clock.ts';
import { Cluster } from './cluster/cluster.ts';
import { Ledger } from './load/ledger.ts';
import { Load } from './load/load.ts';
import { checkRoutes } from './load/route-check.ts';
import { RehearsalError } from './errors.ts';
import type { Observer, Snapshot } from './observer.ts';
import type { Plan } from './plan.ts';
import { random } from './random.ts';
import { scenarioOf } from './scenarios.ts';
import type { Result } from './verdict/result.ts';
import { verdictOn } from './verdict/verdict.ts';

const PROGRESS_INTERVAL_MS = 200;
/** States of which the log is worth a line; the rest is noise on a screen. */
const SILENT = new Set([
  'pending',
  'deleted',
  'available',
  'gets CPU again',
  'passes its readiness probe',
  'terminating',
]);

/** From here on a replica is on its way out. */
const GOING = new Set(['deleted', 'evicted', 'crashed']);

/**
 * Starts the replicas, puts them under load, lets the scenario happen, and says what the clients have seen.
 * Leaves no process behind, however it ends.
 *
 * @param signal ends it early
 * @throws RehearsalError `REHEARSAL_FAILED` if the replicas do not start, `REHEARSAL_USAGE` if there are none, or what they
 *   are to be asked for is an error to them; the signal's reason if it was ended
 */
export async function rehearse(wanted: Plan, observer: Observer, signal: AbortSignal): Promise<Result> {
  const { scenario, plan } = scenarioOf(wanted);
  if (plan.deployment.replicas === 0)
    throw new RehearsalError('REHEARSAL_USAGE', 'there are 0 replicas: expected at least one to rehearse');
  const clock = new Clock();
  const ledger = new Ledger();
  const cluster = new Cluster(plan, clock, random(plan.seed + 1));
  const load = new Load({
    plan: plan.load,
    service: cluster.service,
    clock,
    random: random(plan.seed),
    ledger,
  });
  let loadFromMs: number | undefined;
  let step = 'starting the replicas';

  const sinceLoad = () => (loadFromMs === undefined ? 0 : clock.now() - loadFromMs);
  cluster.on('change', (replica, what) => {
    if (!SILENT.has(what)) observer.event(sinceLoad(), `${replica.name}: ${what}`);
    if (GOING.has(what)) load.leaveIdleAt(replica);
  });
  const showProgress = () =>
    observer.progress(snapshot(step, loadFromMs ?? clock.now(), { clock, cluster, ledger, load }));
  const progress = setInterval(showProgress, PROGRESS_INTERVAL_MS);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  const run = async () => {
    await cluster.openFront();
    for (let i = 0; i < plan.deployment.replicas; i++) await cluster.create('old');
    await cluster.until(() => cluster.staying.every((replica) => cluster.available(replica)));

    const [first] = cluster.staying;
    if (first !== undefined) await checkRoutes(plan.load, cluster.service, first);

    await cluster.frontTold();
    loadFromMs = clock.now();
    load.start();
    const last = cluster.staying.at(-1);
    if (last !== undefined) load.keepIdleAt(last);
    step = 'steady';
    await sleep(plan.load.steadyMs, undefined, { signal });

    step = plan.scenario;
    const changeFromMs = clock.now();
    scenario.burden?.(load, cluster, plan);
    await scenario.change(cluster, plan, load);
    const leaving = cluster.replicas.filter((replica) => !cluster.staying.includes(replica));
    await cluster.until(() => leaving.every(({ state }) => state === 'gone'));
    await cluster.until(() => leaving.every(({ inRotation }) => (inRotation.at(-1)?.toMs ?? 0) < Infinity));
    const changeToMs = clock.now();

    step = 'afterwards';
    await sleep(plan.load.tailMs, undefined, { signal });
    step = 'waiting for the last answers';
    await load.stop();
    return { changeFromMs, changeToMs };
  };
  try {
    signal.throwIfAborted();
    const change = await Promise.race([run(), aborted, load.tooMuch, cluster.failed]);
    showProgress();
    return verdictOn({ plan, scenario, clock, cluster, ledger, loadFromMs: loadFromMs ?? 0, ...change });
  } finally {
    clearInterval(progress);
    cluster.removeAllListeners(); // what happens from here on is not part of it
    await cluster.destroy();
    await load.stop();
  }
}

function snapshot(
  step: string,
  loadFromMs: number,
  { clock, cluster, ledger, load }: { clock: Clock; cluster: Cluster; ledger: Ledger; load: Load },
): Snapshot {
  const now = clock.now();
  return {
    elapsedMs: now - loadFromMs,
    step,
    replicas: cluster.replicas.map((replica) => ({
      name: replica.name,
      state: replica.state,
      sinceMs: (replica.states.at(-1)?.fromMs ?? now) - loadFromMs,
      ...ledger.of(replica),
    })),
    sent: ledger.sent,
    answered: ledger.answered,
    lost: ledger.lost,
    inFlight: load.inFlight,
    p99: ledger.p99Since(now - 1000),
  };
}
