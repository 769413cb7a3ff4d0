import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadConfig } from '../src/lastcall/config/config.ts';
import { everyVariable } from '../test/support/schema.ts';
const SCHEMA = everyVariable();
import { longestShutdownMs, MARGIN_MS } from '../src/lastcall/lifecycle/budget.ts';
import type { Variable } from '../src/lastcall/config/variables.ts';
import { RehearsalError } from './errors.ts';
import type { Pod, Probe, Program } from './plan.ts';

type Schema = Record<string, Variable<unknown> | undefined>;
type Environment = Record<string, string | undefined>;

/** What is run, and how the kubelet treats it. */
export interface Subject {
  program: Program;
  pod: Pod;
}

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
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
/** A program that handles SIGTERM by itself gets as long as Kubernetes gives by default. */
const KUBERNETES_GRACE_MS = 30_000;

/** The probes of the chart's default values. */
const PROBES = {
  startup: probe('MANAGEMENT_PORT', '/startupz', { periodMs: 1000, failureThreshold: 60 }),
  liveness: probe('MANAGEMENT_PORT', '/livez', { periodMs: 10_000, timeoutMs: 2000, failureThreshold: 3 }),
  readiness: probe('MANAGEMENT_PORT', '/readyz', { periodMs: 2000, failureThreshold: 1 }),
};

/**
 * The built service with the settings of an environment, in a pod as the chart would make it of them.
 *
 * @param inherited of this process; `set` is on top of it
 * @throws RehearsalError `REHEARSAL_USAGE` with every variable that the service would refuse
 */
export function builtService(inherited: Environment, set: Record<string, string>): Subject {
  const environment = { ...forChildren(inherited), ...set, ...localEnvironment() };
  const { shutdown } = readConfig(environment);
  const longestMs = longestShutdownMs({ ...shutdown, drainTimeoutMs: finite(shutdown.drainTimeoutMs) });
  const graceMs = shutdown.graceMs ?? Math.ceil((longestMs + MARGIN_MS) / 1000) * 1000;
  return {
    program: serviceIn({ SHUTDOWN_GRACE_PERIOD: `${graceMs}ms`, ...environment }, chosenOf(environment)),
    pod: { graceMs, preStopMs: 0, ...PROBES },
  };
}

/** The built service with this environment and no other. */
export function serviceIn(environment: Record<string, string>, chosen: Record<string, string>): Program {
  const ports = { traffic: 'PORT', others: ['MANAGEMENT_PORT'] };
  return { title: 'the built service', command: [process.execPath, MAIN], environment, chosen, ports };
}

/** The same program with these variables on top of its own. */
export function withVariables(program: Program, variables: Record<string, string>): Program {
  return {
    ...program,
    environment: { ...program.environment, ...variables },
    chosen: { ...program.chosen, ...variables },
  };
}

/** Any other program: it gets its port in a variable, and is ready when it accepts a connection or answers a path. */
export function otherProgram(
  command: string,
  inherited: Environment,
  set: Record<string, string>,
  {
    portVariable = 'PORT',
    readyPath,
    livePath,
  }: { portVariable?: string; readyPath?: string; livePath?: string } = {},
): Subject {
  return {
    program: {
      title: command,
      // `exec`, so that the program gets the signals and not the shell; `env`, so that NAME=value may stand before it.
      command: ['/bin/sh', '-c', `exec env ${command}`],
      environment: { ...forChildren(inherited), HOST: '127.0.0.1', ...set },
      chosen: set,
      ports: { traffic: portVariable, others: [] },
    },
    pod: {
      graceMs: KUBERNETES_GRACE_MS,
      preStopMs: 0,
      startup: probe(portVariable, readyPath, { periodMs: 200, failureThreshold: 300 }),
      liveness:
        livePath === undefined
          ? undefined
          : probe(portVariable, livePath, { periodMs: 10_000, failureThreshold: 3 }),
      readiness: probe(portVariable, readyPath, { periodMs: 2000, failureThreshold: 1 }),
    },
  };
}

/** With Kubernetes' own defaults for what is not said. */
export function probe(port: string, path: string | undefined, times: Partial<Probe>): Probe {
  const defaults = {
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutMs: 1000,
    failureThreshold: 3,
    successThreshold: 1,
  };
  return { port, path, ...defaults, ...times };
}

/** What the service reads of an environment that would be its own. */
export function readConfig(environment: Environment): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(environment, false);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.problems.map((problem) => `  ${problem}`).join('\n');
    throw new RehearsalError('REHEARSAL_USAGE', `the service would not start with these settings:\n${lines}`);
  }
}

/** The variables of the service that differ from its defaults, but for those that every rehearsal sets. */
export function chosenOf(environment: Environment): Record<string, string> {
  const chosen = Object.keys(SCHEMA).flatMap((name) => {
    const value = environment[name];
    const ours = name in LOCAL || NOT_CHOSEN.has(name) || value === (SCHEMA as Schema)[name]?.fallback;
    return value === undefined || ours ? [] : [[name, value] as const];
  });
  return Object.fromEntries(chosen);
}

/** What every replica gets on top of everything else. */
export function localEnvironment(): Record<string, string> {
  return { ...LOCAL };
}

/** Without what npm and a terminal have put into it. */
function forChildren(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^npm_|^INIT_CWD$|^FORCE_COLOR$/i.test(entry[0]),
  );
  return Object.fromEntries(kept);
}

function finite(ms: number): number {
  return ms === Infinity ? 0 : ms;
}
