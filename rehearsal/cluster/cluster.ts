import { EventEmitter, once } from 'node:events';
import { RehearsalError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Clock } from './clock.ts';
import { Front } from './front/front.ts';
import { Ports } from './ports.ts';
import { Reaper } from './reaper.ts';
import { Replica } from './replica.ts';
import { Service } from './service.ts';

/** How a program ends that can't use its configuration (sysexits.h): as often as one starts it. */
const EX_CONFIG = 78;
/** Restarts after which it is clear that a program does not start. */
const TOO_MANY_RESTARTS = 3;
/** Longest wait for anything, on top of what the settings allow it: more than a slow start, less than a person waits. */
const PATIENCE_MS = 120_000;

interface ClusterEvents {
  /** A replica has changed, or an endpoint came or went; the text is for people. */
  change: [replica: Replica, what: string];
}

/** The replicas, the Service in front of them, and what ties one to the other: the controllers of a cluster. */
export class Cluster extends EventEmitter<ClusterEvents> {
  readonly service: Service<Replica>;
  readonly replicas: Replica[] = [];
  /** Pods that are created from now on start their process this much later. */
  startDelayMs = 0;
  /** Counts everything that ever changed. */
  changes = 0;
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #reaper = new Reaper();
  readonly #ports = new Ports();
  readonly #names = new Map<string, number>();
  /** Evicted: its endpoint is not told before the process has gone. */
  readonly #untold = new Set<Replica>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #destroyed = false;
  #front: Front | undefined;
  #fail: (error: RehearsalError) => void = () => undefined;
  /** Rejects with `REHEARSAL_FAILED` when what it stands on breaks. */
  readonly failed = new Promise<never>((_resolve, reject) => (this.#fail = reject));
  /** By replica: since when it had been ready when its availability was last waited for. */
  readonly #lookedAt = new Map<Replica, number>();

  constructor(plan: Plan, clock: Clock, random: Random) {
    super();
    this.failed.catch(() => undefined); // for whoever does not care
    this.#plan = plan;
    this.#clock = clock;
    this.service = new Service(plan.network, random, (replica, inRotation) => {
      if (inRotation) replica.inRotation.push({ fromMs: clock.now(), toMs: Infinity });
      else {
        for (const span of replica.inRotation) span.toMs = Math.min(span.toMs, clock.now());
        replica.forgotten();
      }
      this.emit('change', replica, inRotation ? 'in rotation' : 'out of rotation');
    });
  }

  /** Pods that nobody has asked to leave. */
  get staying(): Replica[] {
    return this.replicas.filter((replica) => !this.#leaving(replica));
  }

  /**
   * Creates a pod.
   *
   * @param generation `old` or `new`: the first half of its name
   * @throws RehearsalError `REHEARSAL_FAILED` after {@link destroy}: nobody would end it
   */
  async create(generation: 'old' | 'new'): Promise<Replica> {
    const { program, pod } = this.#plan;
    const number = (this.#names.get(generation) ?? 0) + 1;
    this.#names.set(generation, number);
    const ports: Record<string, number> = {};
    for (const name of [program.ports.traffic, ...program.ports.others])
      ports[name] = await this.#ports.take();
    this.#assertThere();
    const replica: Replica = new Replica({
      name: `${generation}-${number}`,
      program,
      pod,
      ports,
      clock: this.#clock,
      reaper: this.#reaper,
      startDelayMs: this.startDelayMs,
      stallMs: this.#plan.stallMs,
      onChange: (changed, what) => this.#onChange(changed, what),
    });
    this.replicas.push(replica);
    return replica;
  }

  delete(replica: Replica): void {
    replica.delete();
  }

  evict(replica: Replica): void {
    this.#untold.add(replica);
    replica.evict();
  }

  /**
   * Resolves when `condition` holds; looks again whenever something has changed.
   *
   * @throws RehearsalError `REHEARSAL_FAILED` if a replica does not start, if it takes too long, or after {@link destroy}
   */
  async until(condition: () => boolean): Promise<void> {
    this.#assertThere();
    const { pod, deployment } = this.#plan;
    const patienceMs = PATIENCE_MS + pod.preStopMs + pod.graceMs + deployment.minReadyMs;
    const giveUp = AbortSignal.timeout(patienceMs);
    while (!condition()) {
      const broken = this.replicas.find(
        ({ restartsInVain, notStarted, exit }) =>
          notStarted !== undefined || restartsInVain > (exit?.code === EX_CONFIG ? 0 : TOO_MANY_RESTARTS),
      );
      if (broken !== undefined) throw doesNotStart(broken);
      try {
        await once(this, 'change', { signal: giveUp });
      } catch {
        throw tookTooLong(this.replicas, (replica) => this.available(replica), patienceMs);
      }
    }
  }

  /** Resolves after a while, and never after {@link destroy}: nothing is left to wait for then. */
  async pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.#timers.add(setTimeout(resolve, ms)));
  }

  /** Ready, and has been for long enough to count. */
  available(replica: Replica): boolean {
    if (this.#leaving(replica) || replica.servingSinceMs === undefined) return false;
    return this.#clock.now() >= replica.servingSinceMs + this.#plan.deployment.minReadyMs;
  }

  /**
   * Puts the proxy of the plan, if there is one, between clients and replicas.
   *
   * @throws RehearsalError as {@link Front.start}
   */
  async openFront(): Promise<void> {
    const { front: name } = this.#plan.network;
    if (name === undefined) return;
    const front = await Front.start(name, await this.#ports.take(), this.#reaper, this.#fail);
    if (this.#destroyed) front.end();
    this.#assertThere();
    this.#front = front;
    this.service.putInFront(front);
  }

  /** Resolves when the proxy, if there is one, knows of all endpoints. */
  async frontTold(): Promise<void> {
    await this.#front?.told();
  }

  /** Ends everything that is left, and lets nothing new begin. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    this.service.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const replica of this.replicas) replica.destroy();
    this.#front?.end();
    await Promise.all(this.replicas.map(async ({ gone }) => gone));
    this.#ports.release();
    this.#reaper.end();
  }

  /** Whoever is in the middle of a change learns here that the rehearsal has been ended meanwhile. */
  #assertThere(): void {
    if (this.#destroyed) throw new RehearsalError('REHEARSAL_FAILED', 'the rehearsal has ended');
  }

  #leaving(replica: Replica): boolean {
    return replica.deletedAtMs !== undefined || this.#untold.has(replica);
  }

  #onChange(replica: Replica, what: string): void {
    this.changes++;
    this.#lookAgainWhenAvailable(replica);
    if (replica.state === 'gone') this.service.remove(replica);
    else if (!this.#untold.has(replica)) {
      const terminating = replica.deletedAtMs !== undefined;
      this.service.update(replica, { serving: replica.serving, terminating });
    }
    this.emit('change', replica, what);
  }

  #lookAgainWhenAvailable(replica: Replica): void {
    const since = replica.servingSinceMs;
    if (since === undefined || this.#lookedAt.get(replica) === since) return;
    this.#lookedAt.set(replica, since);
    const timer = setTimeout(() => {
      this.changes++;
      this.emit('change', replica, 'available');
    }, this.#plan.deployment.minReadyMs + 1);
    this.#timers.add(timer);
  }
}

function tookTooLong(
  replicas: Replica[],
  available: (replica: Replica) => boolean,
  ms: number,
): RehearsalError {
  const lines = replicas
    .filter((replica) => replica.state !== 'gone' && !available(replica))
    .map(
      ({ name, state, notReady }) => `  ${name}: ${state}${notReady === undefined ? '' : `, ${notReady}`}`,
    );
  return new RehearsalError(
    'REHEARSAL_FAILED',
    `after ${ms / 1000} s these replicas are neither ready nor gone:\n${lines.join('\n')}`,
  );
}

function doesNotStart({ name, notStarted, exit, lastWords }: Replica): RehearsalError {
  if (notStarted === undefined && exit?.code === EX_CONFIG) {
    const problems = lastWords.map((line) => `  ${line.trim()}`).join('\n');
    return new RehearsalError('REHEARSAL_USAGE', `${name} would not start with these settings:\n${problems}`);
  }
  const how =
    notStarted === undefined
      ? `it ended with ${exit?.signal ?? `exit ${exit?.code}`} every time`
      : `its startup probe gave up on ${notStarted}`;
  const words =
    lastWords.length === 0
      ? ', and it has said nothing'
      : `:\n${lastWords.map((line) => `  ${line}`).join('\n')}`;
  return new RehearsalError('REHEARSAL_FAILED', `${name} does not start, ${how}${words}`);
}
