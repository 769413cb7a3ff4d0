// The environment of every service that a test starts. A service of yours that can't start without a variable or a
// secret of its own gets it here, once, for tests in processes and in memory alike.

/** For both: what your service can't start without, such as `DATABASE_URL`. */
const OWN: Record<string, string> = {};

/** Of a process: free ports, and short phases, so that a test waits for nothing that it is not about. */
export const QUICK: Record<string, string> = {
  PORT: '0',
  MANAGEMENT_PORT: '0',
  SHUTDOWN_WINDOW: '100ms',
  SHUTDOWN_QUIET_PERIOD: '0',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '50ms',
  SHUTDOWN_SCRAPE_WAIT: '0',
  ...OWN,
};

/** Of the app in the process of the test: only for this machine, under a name, and gone at once. */
export const IN_PROCESS: Record<string, string> = {
  HOST: '127.0.0.1',
  PORT: '0',
  SERVICE_NAME: 'shop',
  POD_NAME: 'shop-1',
  SHUTDOWN_WINDOW: '0',
  SHUTDOWN_WINDOW_MAX: '0',
  SHUTDOWN_QUIET_PERIOD: '0',
  SHUTDOWN_DRAIN_TIMEOUT: '0',
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '0',
  SHUTDOWN_SCRAPE_WAIT: '0',
  ...OWN,
};
