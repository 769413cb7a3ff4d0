import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { connect } from 'node:net';
import type { Pod, Probe } from '../subject/subject.ts';

export interface KubeletEvents {
  /** The startup probe has passed. */
  onStarted: () => void;
  /** The readiness probe has changed its mind. */
  onReady: (ready: boolean) => void;
  /** The startup probe has failed for good: what it met last. */
  onNotStarted: (why: string) => void;
  /** The liveness probe has failed for good. */
  onDead: () => void;
  /** A probe of this port got an answer, which the process counts as one of its own. */
  onAnswer: (port: string) => void;
}

/** Statuses that pass, as in https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/. */
const passes = (status: number) => status >= 200 && status < 400;

/**
 * The probes of one container. Liveness and readiness begin when the startup probe has passed; while a pod is
 * terminating only readiness goes on. Each probe is a new connection.
 */
export class Kubelet {
  readonly #pod: Pod;
  readonly #ports: Record<string, number>;
  readonly #events: KubeletEvents;
  readonly #timers = new Map<Probe, NodeJS.Timeout>();
  /** Why readiness, or the start before it, has not passed; undefined: it has, or nobody has looked yet. */
  notReady: string | undefined;

  constructor(pod: Pod, ports: Record<string, number>, events: KubeletEvents) {
    this.#pod = pod;
    this.#ports = ports;
    this.#events = events;
  }

  /** The container runs: probe it, from the beginning. */
  start(): void {
    const { startup, liveness, readiness } = this.#pod;
    const { onStarted, onNotStarted, onReady, onDead } = this.#events;
    const started = () => {
      onStarted();
      this.#watch(readiness, { passed: () => onReady(true), failed: () => onReady(false) });
      if (liveness !== undefined) this.#watch(liveness, { passed: () => undefined, failed: onDead });
    };
    if (startup === undefined) {
      started();
      return;
    }
    const passed = () => {
      this.#cancel(startup);
      started();
    };
    this.#watch(startup, { passed, failed: () => onNotStarted(this.notReady ?? '') });
  }

  /** The pod is to go: it no longer has to prove that it lives. */
  deleted(): void {
    for (const probe of [this.#pod.startup, this.#pod.liveness]) {
      if (probe !== undefined) this.#cancel(probe);
    }
  }

  stop(): void {
    for (const probe of this.#timers.keys()) this.#cancel(probe);
  }

  /** Calls back whenever as many results in a row as the thresholds ask for say the same. */
  #watch(probe: Probe, on: { passed: () => void; failed: () => void }): void {
    let passed = 0;
    let failed = 0;
    const next = (ms: number) => {
      const timer = setTimeout(() => void round(timer), ms);
      this.#timers.set(probe, timer);
    };
    const round = async (timer: NodeJS.Timeout) => {
      const startedAt = performance.now();
      const failure = await this.#attempt(probe);
      if (this.#timers.get(probe) !== timer) return; // cancelled meanwhile
      const result = failure === undefined;
      if (probe !== this.#pod.liveness) this.notReady = failure;
      next(Math.max(0, probe.periodMs - (performance.now() - startedAt)));
      passed = result ? passed + 1 : 0;
      failed = result ? 0 : failed + 1;
      if (passed >= probe.successThreshold) on.passed();
      if (failed >= probe.failureThreshold) on.failed();
    };
    next(probe.initialDelayMs);
  }

  /** Undefined if it passed, else what it met. */
  async #attempt({ port, path, https, timeoutMs }: Probe): Promise<string | undefined> {
    const address = { host: '127.0.0.1', port: this.#ports[port] ?? 0 };
    const signal = AbortSignal.timeout(timeoutMs);
    const what = `port ${address.port} (${port})${path === undefined ? '' : `, GET ${path}`}`;
    return new Promise((resolve) => {
      const fail = (error: NodeJS.ErrnoException) => {
        const why = signal.aborted ? `no answer within ${timeoutMs} ms` : (error.code ?? error.message);
        resolve(`${what}: ${why}`);
      };
      if (path === undefined) {
        const socket = connect({ ...address, signal }, () => {
          resolve(undefined);
          socket.destroy();
        });
        socket.on('error', fail);
        return;
      }
      const headers = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', Connection: 'close' };
      const options = { ...address, path, headers, agent: false, signal, rejectUnauthorized: false } as const;
      const request = (https ? getTls : get)(options, (response) => {
        this.#events.onAnswer(port);
        const status = response.statusCode ?? 0;
        resolve(passes(status) ? undefined : `${what}: status ${status}`);
        response.on('error', fail); // of an answer without an end: its headers were enough
        response.resume();
      });
      request.on('error', fail);
    });
  }

  #cancel(probe: Probe): void {
    clearTimeout(this.#timers.get(probe));
    this.#timers.delete(probe);
  }
}
