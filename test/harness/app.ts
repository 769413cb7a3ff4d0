// The app in the process of the test, put together by src/lastcall/assembly.ts, without the management port. See README.md.
import { type Logger, pino } from 'pino';
import { assemble } from '../../src/lastcall/assembly.ts';
import { loadAll } from '../../src/lastcall/config/config.ts';
import type { Defaults } from '../../src/lastcall/config/defaults.ts';
import type { Health } from '../../src/lastcall/lifecycle/health.ts';
import type { Listener } from '../../src/lastcall/listener/listener.ts';
import type { Schema } from '../../src/lastcall/config/schema.ts';
import type { CreateApp } from '../../src/lastcall/parts.ts';
import type { Room } from '../../src/lastcall/room.ts';
import { FIXTURE } from '../fixture/sources.ts';
import { IN_PROCESS } from './environment.ts';
import { LogLines } from './log-lines.ts';
import { own } from './own.ts';

export interface TestApp {
  url: string;
  port: number;
  listener: Listener;
  log: LogLines;
  health: Health;
  /** What Prometheus would read. */
  metrics: () => Promise<string>;
  /** Cuts what is in flight and runs the hooks. At the end of the test at the latest. */
  close: () => Promise<void>;
}

/** What runs: the fixture, unless a test says otherwise. */
export interface Application<V extends Schema = Schema> {
  createApp: CreateApp<V>;
  variables: V;
  rooms: Room[];
  defaults?: Defaults;
}

/** Resolves when a listener has a request in flight. */
export async function requestInFlight(listener: Listener): Promise<void> {
  while (listener.inFlight().length === 0) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/**
 * Starts the app: start-up hooks run, health checks go round, metrics count. Rejects as the process would end, with the
 * error of the hook that failed.
 */
export async function startApp<V extends Schema = Schema>(
  env: Record<string, string> = {},
  application?: CreateApp | Application<V>,
): Promise<TestApp> {
  const {
    createApp,
    variables,
    rooms,
    defaults = {},
  } = (typeof application === 'function'
    ? { ...FIXTURE, createApp: application }
    : (application ?? FIXTURE)) as unknown as Application;
  const loaded = loadAll({ ...IN_PROCESS, ...env }, { terminal: false, variables, rooms, defaults });
  const log = new LogLines();
  const logger: Logger = pino({ formatters: { level: (label) => ({ level: label }) } }, log);
  const { lifecycle, health, metrics, listeners, open } = assemble({
    ...loaded,
    createApp,
    rooms,
    logger,
    droppedLines: () => 0,
    exit: () => log.end(() => 'the app was closed'),
  });
  let failure: unknown;
  lifecycle.on('fatal', ({ error }) => (failure ??= error));
  const close = async () => lifecycle.shutdown();
  own(close);

  await lifecycle.start(open);
  if (failure !== undefined) throw failure;
  const [listener] = listeners;
  if (listener === undefined) throw new Error('it has no HTTP: start it as a process');
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    listener,
    log,
    health,
    metrics: async () => (await metrics.expose()).body,
    close,
  };
}
