import { get } from 'node:http';
import { connect } from 'node:net';
import type { Pod, Probe } from '../plan.ts';

export interface KubeletEvents {
  /** The startup probe has passed. */
  onStarted: () => void;
  /** The readiness probe has changed its mind. */
  onReady: (ready: boolean) => void;
  /** The liveness probe, or the startup probe, has failed for good. */
  onDead: () => void;
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

  constructor(pod: Pod, ports: Record<string, number>, events: KubeletEvents) {
    this.#pod = pod;
    this.#ports = ports;
    this.#events = events;
  }

  /** The container runs: probe it, from the beginning. */
  start(): void {
    const { startup, liveness, readiness } = this.#pod;
    const { onStarted, onReady, onDead } = this.#events;
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
    this.#watch(startup, { passed, failed: onDead });
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
      const result = await this.#attempt(probe);
      if (this.#timers.get(probe) !== timer) return; // cancelled meanwhile
      next(Math.max(0, probe.periodMs - (performance.now() - startedAt)));
      passed = result ? passed + 1 : 0;
      failed = result ? 0 : failed + 1;
      if (passed >= probe.successThreshold) on.passed();
      if (failed >= probe.failureThreshold) on.failed();
    };
    next(probe.initialDelayMs);
  }

  async #attempt({ port, path, timeoutMs }: Probe): Promise<boolean> {
    const address = { host: '127.0.0.1', port: this.#ports[port] ?? 0 };
    const signal = AbortSignal.timeout(timeoutMs);
    return new Promise((resolve) => {
      if (path === undefined) {
        const socket = connect({ ...address, signal }, () => {
          resolve(true);
          socket.destroy();
        });
        socket.once('error', () => resolve(false));
        return;
      }
      const headers = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', Connection: 'close' };
      const request = get({ ...address, path, headers, agent: false, signal }, (response) => {
        resolve(passes(response.statusCode ?? 0));
        response.resume();
      });
      request.once('error', () => resolve(false));
    });
  }

  #cancel(probe: Probe): void {
    clearTimeout(this.#timers.get(probe));
    this.#timers.delete(probe);
  }
}
