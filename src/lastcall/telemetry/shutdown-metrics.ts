import { Counter, Gauge } from 'prom-client';
import type { Drainable } from '../lifecycle/drainable.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import { type State, STATES } from '../lifecycle/states.ts';
import type { MetricRegistry } from './metric-factory.ts';

const PHASES: Record<string, State> = {
  window: 'lame-duck',
  drain: 'draining',
  cleanup: 'cleanup',
  final_scrape: 'final-scrape',
};
const REQUEST_OUTCOMES = ['served', 'drained', 'aborted', 'cut', 'broken'] as const;
const CONNECTION_OUTCOMES = [
  'closed',
  'idle',
  'upgraded',
  'cut',
  'broken',
  'refused',
  'stalled',
  'left',
] as const;

/** The state of the process, and how long the phases of its shutdown take. */
export function phaseMetrics(registry: MetricRegistry, lifecycle: Lifecycle): void {
  const registers = [registry];
  new Gauge({
    name: 'lifecycle_state',
    help: '1 for the state that the process is in, 0 for the others.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of STATES) this.set({ state }, state === lifecycle.state ? 1 : 0);
    },
  });
  new Gauge({
    name: 'shutdown_phase_duration_seconds',
    help: 'How long a phase of the shutdown has taken, up to now.',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, state] of Object.entries(PHASES)) {
        this.set({ phase }, lifecycle.durationMs(state) / 1000);
      }
    },
  });
  const limits = new Gauge({
    name: 'shutdown_phase_limit_seconds',
    help: 'Most time that a phase of the shutdown may take; +Inf: as long as it takes.',
    labelNames: ['phase'],
    registers,
  });
  for (const [phase, state] of Object.entries(PHASES)) limits.set({ phase }, lifecycle.limitMs(state) / 1000);
  new Gauge({
    name: 'shutdown_loop_late_seconds',
    help: 'How late the event loop was at most in a phase of the shutdown: time that the process did not have.',
    labelNames: ['phase'],
    registers,
    collect() {
      for (const [phase, state] of Object.entries(PHASES)) {
        this.set({ phase }, lifecycle.lateMs(state) / 1000);
      }
    },
  });
  new Gauge({
    name: 'shutdown_deadline_seconds',
    help: 'From the first signal to the deadline of the whole shutdown, whose phases have to fit in; +Inf: none.',
    registers,
  }).set(lifecycle.deadlineMs / 1000);
}

/** How requests and connections ended after the signal, from the tallies of the listeners. */
export function drainMetrics(registry: MetricRegistry, listeners: Drainable[]): void {
  const common = { labelNames: ['listener', 'outcome'], registers: [registry] };
  new Counter({
    name: 'shutdown_requests_total',
    help: 'Requests that ended after the signal: served in the window, drained after it, aborted by the client, cut, broken by us.',
    ...common,
    collect() {
      this.reset();
      for (const { name: listener, requests } of listeners.map(tallyOf)) {
        for (const outcome of REQUEST_OUTCOMES) this.inc({ listener, outcome }, requests[outcome]);
      }
    },
  });
  new Counter({
    name: 'shutdown_connections_total',
    help: 'Connections that ended after the signal: closed after an answer that said so, idle, upgraded, cut, broken by us, refused, stalled by a client that did not read, left by the client.',
    ...common,
    collect() {
      this.reset();
      for (const { name: listener, connections } of listeners.map(tallyOf)) {
        for (const outcome of CONNECTION_OUTCOMES) this.inc({ listener, outcome }, connections[outcome]);
      }
    },
  });
}

/** What is counted as it happens: the hooks, and the signals. */
export function eventMetrics(
  registry: MetricRegistry,
  lifecycle: Lifecycle,
  hookNames: () => string[],
): void {
  const registers = [registry];
  const hooks = new Counter({
    name: 'shutdown_hooks_total',
    help: 'Cleanup hooks by result.',
    labelNames: ['hook', 'result'],
    registers,
    collect() {
      for (const hook of hookNames()) {
        for (const result of ['ok', 'error', 'timeout']) this.inc({ hook, result }, 0);
      }
    },
  });
  lifecycle.on('hook', ({ name: hook, result }) => hooks.inc({ hook, result }));

  const signals = new Counter({
    name: 'shutdown_signals_total',
    help: 'Signals that asked the process to leave, repeated ones included.',
    labelNames: ['signal'],
    registers,
  });
  for (const signal of ['SIGTERM', 'SIGINT']) signals.inc({ signal }, 0);
  lifecycle.on('signal', ({ signal }) => signals.inc({ signal }));
}

function tallyOf(listener: Drainable) {
  return { name: listener.name, ...listener.tally() };
}
