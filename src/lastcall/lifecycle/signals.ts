export const SIGNALS: NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

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
