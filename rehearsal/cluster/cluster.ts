import { EventEmitter, once } from 'node:events';
import type { Clock } from './clock.ts';
import { RehearsalError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import { freePort } from './ports.ts';
import type { Random } from '../random.ts';
import { Reaper } from './reaper.ts';
import { Replica } from './replica.ts';
import { Service } from './service.ts';

/** Starts in a row after which it is clear that a program does not start. */
const MAX_FAILED_STARTS = 3;
/** Longest wait for anything, on top of the grace period: more than a start takes, less than a person's patience. */
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
  readonly #names = new Map<string, number>();
  /** Evicted: its endpoint is not told before the process has gone. */
  readonly #untold = new Set<Replica>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #destroyed = false;
  /** By replica: since when it had been ready when its availability was last waited for. */
  readonly #lookedAt = new Map<Replica, number>();

  constructor(plan: Plan, clock: Clock, random: Random) {
    super();
    this.#plan = plan;
    this.#clock = clock;
    this.service = new Service(plan.network, random, (replica, inRotation) => {
      if (inRotation) replica.inRotation.push({ fromMs: clock.now(), toMs: Infinity });
      else for (const span of replica.inRotation) span.toMs = Math.min(span.toMs, clock.now());
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
    for (const name of [program.ports.traffic, ...program.ports.others]) ports[name] = await freePort();
    this.#assertThere();
    const replica: Replica = new Replica({
      name: `${generation}-${number}`,
      program,
      pod,
      ports,
      clock: this.#clock,
      reaper: this.#reaper,
      startDelayMs: this.startDelayMs,
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
   * @throws RehearsalError `REHEARSAL_FAILED` if a replica does not start, if it takes two minutes more than pods may, or
   *   after {@link destroy}
   */
  async until(condition: () => boolean): Promise<void> {
    this.#assertThere();
    const giveUp = AbortSignal.timeout(this.#plan.pod.graceMs + PATIENCE_MS);
    while (!condition()) {
      const broken = this.replicas.find(({ failedStarts }) => failedStarts > MAX_FAILED_STARTS);
      if (broken !== undefined) throw doesNotStart(broken);
      try {
        await once(this, 'change', { signal: giveUp });
      } catch {
        throw tookTooLong(this.staying.filter((replica) => !this.available(replica)));
      }
    }
  }

  /** Ready, and has been for long enough to count. */
  available(replica: Replica): boolean {
    if (this.#leaving(replica) || replica.servingSinceMs === undefined) return false;
    return this.#clock.now() >= replica.servingSinceMs + this.#plan.deployment.minReadyMs;
  }

  /** Ends everything that is left, and lets nothing new begin. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    this.service.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const replica of this.replicas) replica.destroy();
    await Promise.all(this.replicas.map(async ({ gone }) => gone));
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

function tookTooLong(missing: Replica[]): RehearsalError {
  const names = missing.map(({ name, state }) => `${name} (${state})`).join(', ');
  return new RehearsalError(
    'REHEARSAL_FAILED',
    `these replicas do not become ready: ${names}. Is the readiness probe right?`,
  );
}

function doesNotStart({ name, exit, lastWords }: Replica): RehearsalError {
  const how = exit?.signal ?? `exit ${exit?.code}`;
  return new RehearsalError(
    'REHEARSAL_FAILED',
    `${name} does not start, it ended with ${how} every time:\n${lastWords.map((line) => `  ${line}`).join('\n')}`,
  );
}
