import type { ShutdownSettings } from '../../src/lastcall/lifecycle/budget.ts';
import { Hooks } from '../../src/lastcall/lifecycle/hooks.ts';
import { Lifecycle } from '../../src/lastcall/lifecycle/lifecycle.ts';
import type { Listener } from '../../src/lastcall/listener/listener.ts';

/** What a service has that sets nothing. */
export const DEFAULT_SETTINGS: ShutdownSettings = {
  windowMs: 5000,
  quietMs: 2000,
  windowMaxMs: 10_000,
  drainTimeoutMs: 10_000,
  keepAliveMinIdleMs: 1000,
  cleanupTimeoutMs: 4000,
  scrapeWaitMs: 15_000,
  graceMs: undefined,
};

export const SETTINGS = {
  windowMs: 0,
  quietMs: 0,
  windowMaxMs: 0,
  drainTimeoutMs: 10_000,
  keepAliveMinIdleMs: 0,
  cleanupTimeoutMs: 4000,
  scrapeWaitMs: 0,
  graceMs: undefined,
};

/** A lifecycle that waits for nothing and whose end does not end the process. */
export function quickLifecycle(listeners: Listener[] = [], hooks = new Hooks(4000)): Lifecycle {
  const scrapes = { patienceMs: () => 0, next: async () => new Promise<void>(() => undefined) };
  return new Lifecycle({ settings: SETTINGS, hooks, listeners, scrapes, exit: () => undefined });
}
