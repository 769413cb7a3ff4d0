export const SIGNALS: NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/** Those that would kill the process at once, and that applications and tools have meanings of their own for. */
const STRAY_SIGNALS: NodeJS.Signals[] = ['SIGHUP', 'SIGUSR2'];

/**
 * Traps the signals from the first moment on, long before anybody can act on them: loading the service takes a
 * while, in which SIGTERM would kill the process or, for PID 1, be lost for ever.
 *
 * @returns a function that ends the trap and tells which signal came first, if any
 */
export function trapEarly(): () => NodeJS.Signals | undefined {
  let first: NodeJS.Signals | undefined;
  const remember = (signal: NodeJS.Signals) => {
    first ??= signal;
  };
  for (const signal of SIGNALS) process.on(signal, remember);
  return () => {
    for (const signal of SIGNALS) process.removeListener(signal, remember);
    return first;
  };
}

/** Calls back for a signal of those that nobody else listens to, so that what kills by default is a shutdown, too. */
export function onStraySignal(callback: (signal: NodeJS.Signals) => void): void {
  for (const signal of STRAY_SIGNALS) {
    // First in line: who listens only once is no longer counted behind that.
    process.prependListener(signal, () => {
      if (process.listenerCount(signal) === 1) callback(signal);
    });
  }
}
