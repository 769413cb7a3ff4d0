import type { ProcessReport } from '../subject/process-report.ts';
import { LAST_WORD } from '../subject/states.ts';
import { leastWindowMs } from '../subject/settings.ts';
import type { Pod, Program } from '../subject/subject.ts';
import type { Clock } from './clock.ts';
import { Container } from './container.ts';
import { Kubelet } from './kubelet.ts';
import type { Exit, Killed, Span, StateSpan } from './life.ts';
import type { Reaper } from './reaper.ts';
import { Stalls } from './stalls.ts';

/** What a container gets after its SIGTERM even if the preStop sleep has used the grace period up, as of the kubelet. */
const LEAST_GRACE_MS = 2000;

export interface ReplicaParts {
  name: string;
  program: Program;
  pod: Pod;
  /** By the name of the variable that the program reads. */
  ports: Record<string, number>;
  clock: Clock;
  reaper: Reaper;
  /** Between the creation of the pod and the start of its process: an image to pull, a node to wait for. */
  startDelayMs: number;
  /** How long its process gets no CPU, in several moments while it leaves; 0: never. */
  stallMs: number;
  /** Something has changed: a state, a condition, the end. The text is for people. */
  onChange: (replica: Replica, what: string) => void;
}

/**
 * One pod: its process is started, probed, told to leave, killed at the end of the grace period, and started again
 * if it ends although nobody has deleted the pod, all as the kubelet does it.
 */
export class Replica {
  readonly name: string;
  /** Of its traffic. */
  readonly port: number;
  /** Each lasts until the next begins; the newest has no end yet. */
  readonly states: StateSpan[] = [];
  /** Its times in the rotation of at least one balancer; the last may have no end yet. */
  readonly inRotation: Span[] = [];
  /** What the readiness probe says. */
  serving = false;
  /** Since when it says so. */
  servingSinceMs: number | undefined;
  deletedAtMs: number | undefined;
  /** When it was asked to leave, by whatever signal its pod says. */
  sigtermAtMs: number | undefined;
  /** When the scenario crashed it. */
  crashedAtMs: number | undefined;
  exit: Exit | undefined;
  killed: Killed | undefined;
  report: ProcessReport | undefined;
  /** Processes that ended although the pod was to stay. */
  restarts = 0;
  /** Those of them that followed each other without being ready once. */
  restartsInVain = 0;
  /** Why its startup probe has given up. */
  notStarted: string | undefined;
  /** From a failed liveness probe, or the end of a process that was to stay, until it is ready again. */
  readonly outages: (Span & { cause: 'liveness' | 'exit'; how: string })[] = [];
  /** Answers to the kubelet and to the first look at its routes, which the process counts like any others. */
  probed = 0;
  /** Resolves when the pod no longer exists. */
  readonly gone: Promise<void>;
  readonly #parts: ReplicaParts;
  readonly #kubelet: Kubelet;
  readonly #stalls: Stalls;
  readonly #timers = new Set<NodeJS.Timeout>();
  #container: Container | undefined;
  #wordsBefore: string[] = [];
  /** Ends the pod, not only its process. */
  #leaving = false;
  #isGone = false;
  #resolveGone: () => void = () => undefined;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.port = parts.ports[parts.program.ports.traffic] ?? 0;
    this.gone = new Promise((resolve) => (this.#resolveGone = resolve));
    this.#kubelet = new Kubelet(parts.pod, parts.ports, {
      onStarted: () => {
        if (this.state === 'starting' && this.#container?.speaks !== true) this.#enter('running');
      },
      onNotStarted: (why) => {
        this.notStarted = why;
        this.#restart('startup');
      },
      onReady: (serving) => this.#setServing(serving),
      onDead: () => this.#restart('liveness'),
      onAnswer: (port) => {
        if (port === parts.program.ports.traffic) this.probed++;
      },
    });
    this.#stalls = new Stalls({
      stallMs: parts.stallMs,
      windowMs: leastWindowMs(parts.program.environment),
      clock: parts.clock,
      freeze: (frozen) => {
        this.#container?.freeze(frozen);
        parts.onChange(this, frozen ? 'gets no CPU' : 'gets CPU again');
      },
    });
    this.#enter('pending');
    this.#after(parts.startDelayMs, () => this.#start());
  }

  /** `pending` before its process is there, then as its log says; of a program that says nothing `running`, `terminating`. */
  get state(): string {
    return this.#isGone ? 'gone' : (this.states.at(-1)?.state ?? 'pending');
  }

  /** The last lines of its process, or of the one before. */
  get lastWords(): string[] {
    const words = this.#container?.lastWords ?? [];
    return words.length > 0 ? words : this.#wordsBefore;
  }

  /** What its readiness probe, or its startup probe, met last; undefined if that passes. */
  get notReady(): string | undefined {
    return this.#kubelet.notReady;
  }

  /** When it stopped listening, as far as that can be known; undefined: it still does. */
  get closedAtMs(): number | undefined {
    return this.states.find(({ state }) => state === 'draining')?.fromMs ?? this.exit?.atMs;
  }

  /** Told to go by its node, of which nobody else knew. */
  get evicted(): boolean {
    return this.#leaving && this.deletedAtMs === undefined && this.sigtermAtMs !== undefined;
  }

  /** When its process got no CPU. */
  get stalls(): readonly Span[] {
    return this.#stalls.spans;
  }

  /** The last balancer has let go of it. */
  forgotten(): void {
    if (this.#container?.speaks !== true) this.#stalls.forgotten();
  }

  /** Deletes the pod: preStop sleep, SIGTERM, and SIGKILL when the grace period is over. */
  delete(): void {
    if (this.deletedAtMs !== undefined) return;
    this.deletedAtMs = this.#parts.clock.now();
    this.#leaving = true;
    this.#kubelet.deleted();
    this.#clearTimers();
    this.#parts.onChange(this, 'deleted');
    if (this.#container === undefined || this.#isGone) this.#finish();
    else this.#askToLeave();
  }

  /** The node wants it gone and tells nobody: the pod keeps its endpoint for as long as its process lives. */
  evict(): void {
    this.#leaving = true;
    this.#parts.onChange(this, 'evicted');
    this.#askToLeave();
  }

  /** Makes the process throw an error that nobody catches. */
  crash(): void {
    this.killed = 'crash';
    this.crashedAtMs = this.#parts.clock.now();
    this.#parts.onChange(this, 'crashed');
    this.#container?.crash();
    // A program that Node does not run may take the signal for something else.
    this.#after(this.#parts.pod.graceMs, () => this.#container?.kill());
  }

  /** Ends it at once, whatever it does: the rehearsal is over. */
  destroy(): void {
    if (this.#isGone) return;
    this.#leaving = true;
    this.#kubelet.stop();
    this.#stalls.stop();
    this.#clearTimers();
    if (this.#container === undefined) this.#finish();
    else this.#container.kill();
  }

  #start(): void {
    const { program, ports, reaper, clock } = this.#parts;
    const numbers = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
    this.#enter('starting');
    const container = new Container(
      program.command,
      { ...program.environment, ...numbers, POD_NAME: this.name },
      reaper,
      {
        onState: (state, time) => {
          if (state === LAST_WORD) return;
          this.#enter(state, clock.ofTimestamp(time));
          if (this.#leaving) this.#stalls.entered(state);
        },
        onReport: (report) => (this.report = report),
        onExit: (code, signal) => this.#ended(code, signal),
      },
    );
    this.#container = container;
    this.#kubelet.start();
    this.#stalls.start();
  }

  #ended(code: number | null, signal: string | null): void {
    this.exit = { atMs: this.#parts.clock.now(), code, signal };
    this.#wordsBefore = this.#container?.lastWords ?? [];
    this.#kubelet.stop();
    this.#stalls.stop();
    this.#clearTimers();
    this.#setServing(false);
    if (this.#leaving) {
      this.#finish();
      return;
    }
    const how = signal ?? `exit ${code}`;
    this.restarts++;
    this.restartsInVain++;
    if (this.outages.at(-1)?.toMs !== Infinity) {
      this.outages.push({ cause: 'exit', how, fromMs: this.exit.atMs, toMs: Infinity });
    }
    this.sigtermAtMs = undefined; // it was for the process that has gone
    this.#parts.onChange(this, `ended with ${how}, is started again`);
    this.#start();
  }

  #finish(): void {
    const last = this.states.at(-1);
    if (last !== undefined) last.toMs = this.#parts.clock.now();
    this.#isGone = true;
    this.#resolveGone();
    const { code, signal } = this.exit ?? { code: null, signal: null };
    this.#parts.onChange(this, `gone: ${signal ?? `exit ${code}`}`);
  }

  #restart(probe: 'startup' | 'liveness'): void {
    if (this.#leaving) return;
    this.killed = 'liveness';
    this.outages.push({ cause: 'liveness', how: probe, fromMs: this.#parts.clock.now(), toMs: Infinity });
    this.#parts.onChange(this, `${probe} probe failed`);
    this.#kubelet.deleted(); // once is enough
    this.#askToLeave();
  }

  #askToLeave(): void {
    const { clock, pod } = this.#parts;
    const preStopMs = Math.min(pod.preStopMs, pod.graceMs);
    this.#after(preStopMs, () => {
      this.sigtermAtMs ??= clock.now();
      this.#parts.onChange(this, pod.stopSignal);
      const speaks = this.#container?.speaks === true;
      if (!speaks) this.#enter('terminating');
      this.#container?.terminate(pod.stopSignal);
      if (!speaks && this.#leaving) this.#stalls.told();
    });
    const restMs = Math.max(pod.graceMs - preStopMs, preStopMs > 0 ? LEAST_GRACE_MS : 0);
    this.#after(preStopMs + restMs, () => {
      this.killed = 'grace';
      this.#parts.onChange(this, 'SIGKILL: the grace period is over');
      this.#container?.kill();
    });
  }

  #enter(state: string, atMs = this.#parts.clock.now()): void {
    const current = this.states.at(-1);
    if (state === current?.state) return;
    const fromMs = Math.max(atMs, current?.fromMs ?? -Infinity);
    if (current !== undefined) current.toMs = fromMs;
    this.states.push({ state, fromMs, toMs: Infinity });
    this.#parts.onChange(this, state);
  }

  #setServing(serving: boolean): void {
    if (this.serving === serving) return;
    this.serving = serving;
    this.servingSinceMs = serving ? this.#parts.clock.now() : undefined;
    if (serving) {
      this.restartsInVain = 0;
      for (const outage of this.outages) outage.toMs = Math.min(outage.toMs, this.#parts.clock.now());
    }
    this.#parts.onChange(this, serving ? 'passes its readiness probe' : 'fails its readiness probe');
  }

  #after(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
