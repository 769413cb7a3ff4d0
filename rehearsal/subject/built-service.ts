import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RehearsalError } from '../errors.ts';
import { type Environment, forChildren, type Pod, type Program, probe, type Subject } from './subject.ts';

/** What the service says of its settings, durations in milliseconds: as much of its compiled config.js as is read. */
export interface ServiceConfig {
  /** Throws an error with `code` CONFIG_INVALID and the `problems`, a line each. */
  loadConfig: (environment: Environment, terminal: boolean) => { shutdown: ShutdownTimes };
  /** By the name of the variable; `fallback` as one would write it. */
  SCHEMA: Record<string, { fallback: string | undefined }>;
}

interface ShutdownTimes {
  windowMaxMs: number;
  /** `Infinity`: as long as it takes. */
  drainTimeoutMs: number;
  cleanupTimeoutMs: number;
  scrapeWaitMs: number;
  graceMs: number | undefined;
}

/** A service of this template, compiled: where it is, and what it knows of itself. */
export interface BuiltService {
  main: string;
  config: ServiceConfig;
}

/** What replicas on one machine need, whatever else is set: nothing leaves the loopback interface, logs can be read. */
const LOCAL = {
  HOST: '127.0.0.1',
  MANAGEMENT_HOST: '127.0.0.1',
  LOG_FORMAT: 'json',
  LOG_LEVEL: 'info',
  TERMINATION_LOG: devNull,
};
/** Set by the rehearsal, or without an effect on it. */
const NOT_CHOSEN = new Set(['PORT', 'MANAGEMENT_PORT', 'NODE_ENV', 'POD_NAME']);
/** What the service wants free before SIGKILL; without it, it does not start. */
const MARGIN_MS = 2000;

/** The probes of the chart's default values. */
const PROBES = {
  startup: probe('MANAGEMENT_PORT', '/startupz', { periodMs: 1000, failureThreshold: 60 }),
  liveness: probe('MANAGEMENT_PORT', '/livez', { periodMs: 10_000, timeoutMs: 2000, failureThreshold: 3 }),
  readiness: probe('MANAGEMENT_PORT', '/readyz', { periodMs: 2000, failureThreshold: 1 }),
};

/**
 * The service that has been built in a folder. It is asked for its settings, and no copy of them is kept here.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` if there is none
 */
export async function findBuiltService(folder: string): Promise<BuiltService> {
  const [main = '', config = ''] = ['main.js', 'config.js'].map((file) => resolve(folder, 'dist', file));
  if (!existsSync(main) || !existsSync(config)) {
    throw new RehearsalError(
      'REHEARSAL_USAGE',
      `there is no built service in ${resolve(folder)} (${join('dist', 'main.js')} and config.js): ` +
        'expected --command with what is to be rehearsed',
    );
  }
  return { main, config: (await import(pathToFileURL(config).href)) as ServiceConfig };
}

/**
 * The service with the settings of an environment, in a pod as the chart would make it of them.
 *
 * @param inherited of this process; `set` is on top of it
 * @throws RehearsalError `REHEARSAL_USAGE` with every variable that the service would refuse
 */
export function ownSubject(
  service: BuiltService,
  inherited: Environment,
  set: Record<string, string>,
): Subject {
  const environment = { ...forChildren(inherited), ...set, ...LOCAL };
  const graceMs = graceOf(readSettings(service, environment));
  const program = ownProgram(service, { SHUTDOWN_GRACE_PERIOD: `${graceMs}ms`, ...environment });
  return {
    program: { ...program, chosen: chosenOf(service, environment) },
    pod: { graceMs, preStopMs: 0, ...PROBES } satisfies Pod,
  };
}

/** The service with this environment and what replicas on one machine need, and nothing else. */
export function ownProgram(service: BuiltService, variables: Record<string, string>): Program {
  const environment = { ...variables, ...LOCAL };
  return {
    title: 'the built service',
    command: [process.execPath, service.main],
    environment,
    chosen: chosenOf(service, environment),
    ports: { traffic: 'PORT', others: ['MANAGEMENT_PORT'] },
  };
}

/**
 * What the service reads of an environment that would be its own.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` with every variable that it would refuse
 */
export function readSettings({ config }: BuiltService, environment: Environment): ShutdownTimes {
  try {
    return config.loadConfig(environment, false).shutdown;
  } catch (error) {
    const { code, problems } = error as { code?: unknown; problems?: string[] };
    if (code !== 'CONFIG_INVALID' || problems === undefined) throw error;
    const lines = problems.map((problem) => `  ${problem}`).join('\n');
    throw new RehearsalError('REHEARSAL_USAGE', `the service would not start with these settings:\n${lines}`);
  }
}

/** All phases one after the other, and the margin, in whole seconds as a pod has them. */
function graceOf(times: ShutdownTimes): number {
  if (times.graceMs !== undefined) return times.graceMs;
  const drainMs = times.drainTimeoutMs === Infinity ? 0 : times.drainTimeoutMs;
  const allMs = times.windowMaxMs + drainMs + times.cleanupTimeoutMs + times.scrapeWaitMs + MARGIN_MS;
  return Math.ceil(allMs / 1000) * 1000;
}

/** The variables of the service that differ from its defaults, but for those that every rehearsal sets. */
function chosenOf({ config }: BuiltService, environment: Environment): Record<string, string> {
  const chosen = Object.entries(config.SCHEMA).flatMap(([name, { fallback }]) => {
    const value = environment[name];
    const ours = name in LOCAL || NOT_CHOSEN.has(name) || value === fallback;
    return value === undefined || ours ? [] : [[name, value] as const];
  });
  return Object.fromEntries(chosen);
}
