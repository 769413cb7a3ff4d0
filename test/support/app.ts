import type { RequestListener } from 'node:http';
import { type Logger, pino } from 'pino';
import { createApp } from '../../src/service/app.ts';
import { type Parts, rooms, variables } from '../../src/service/variables.ts';
import { loadAll } from '../../src/lastcall/config/config.ts';
import { Health } from '../../src/lastcall/lifecycle/health.ts';
import { Hooks } from '../../src/lastcall/lifecycle/hooks.ts';
import { Listener } from '../../src/lastcall/listener/listener.ts';
import type { MetricFactory } from '../../src/lastcall/telemetry/metrics.ts';
import { refuseAsProblem } from '../../src/lastcall/http/problem.ts';
import { LogCapture } from './log.ts';

export interface TestApp {
  url: string;
  port: number;
  listener: Listener;
  log: LogCapture;
  close: () => Promise<void>;
}

/** The application's own metrics are no matter of these tests. */
const NO_METRICS: MetricFactory = {
  counter: () => ({ inc: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
};

/** Resolves when a listener has a request in flight. */
export async function requestInFlight(listener: Listener): Promise<void> {
  while (listener.inFlight().length === 0) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** The app on a listener of its own and a free port, as run.ts puts them together, with its log in memory. */
export async function startApp(
  env: Record<string, string> = {},
  makeApp: (parts: Parts) => RequestListener = createApp,
): Promise<TestApp> {
  const loaded = loadAll(
    { SERVICE_NAME: 'shop', POD_NAME: 'shop-1', ...env },
    { terminal: false, variables, rooms },
  );
  const { config } = loaded;
  const log = new LogCapture();
  const logger: Logger = pino({ formatters: { level: (label) => ({ level: label }) } }, log);
  const hooks = new Hooks(config.shutdown.cleanupTimeoutMs);
  const health = new Health(config.health);
  const listener = new Listener({
    name: 'http',
    ...config.http,
    host: '127.0.0.1',
    port: 0,
    handler: makeApp({ ...loaded, logger, hooks, health, metrics: NO_METRICS, onUpgrade: () => undefined }),
    refuse: refuseAsProblem,
  });
  await listener.start();
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    listener,
    log,
    close: async () => {
      await listener.stop({ keepAliveMinIdleMs: 0, deadline: AbortSignal.abort() });
    },
  };
}
