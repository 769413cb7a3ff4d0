import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { RehearsalError } from '../errors.ts';
import { USUAL_SIGNAL } from './signals.ts';
import { chosenOf, graceOf } from './settings.ts';
import { type Environment, forChildren, probe, type Program, type Subject } from './subject.ts';

/** What replicas on one machine need, whatever else is set: nothing leaves the loopback interface, logs can be read. */
const LOCAL = {
  HOST: '127.0.0.1',
  MANAGEMENT_HOST: '127.0.0.1',
  LOG_FORMAT: 'json',
  LOG_LEVEL: 'info',
  TERMINATION_LOG: devNull,
};

/** The probes of the chart's default values. */
const PROBES = {
  startup: probe('MANAGEMENT_PORT', '/startupz', { periodMs: 1000, failureThreshold: 60 }),
  liveness: probe('MANAGEMENT_PORT', '/livez', { periodMs: 10_000, timeoutMs: 2000, failureThreshold: 3 }),
  readiness: probe('MANAGEMENT_PORT', '/readyz', { periodMs: 2000, failureThreshold: 1 }),
};

/**
 * The entry of the service that has been built in a folder.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` if there is none
 */
export function builtIn(folder: string): string {
  const main = resolve(folder, 'dist', 'main.js');
  if (existsSync(main)) return main;
  throw new RehearsalError(
    'REHEARSAL_USAGE',
    `there is no built service in ${resolve(folder)} (${join('dist', 'main.js')}): ` +
      'expected --command with what is to be rehearsed',
  );
}

/**
 * The service with the settings of an environment, in a pod as the chart would make it of them.
 *
 * @param main of {@link builtIn}
 * @param inherited of this process; `set` is on top of it
 * @param https its traffic is that of `TLS_PORT`; certificate and key are for the environment to say
 */
export function ownSubject(
  main: string,
  inherited: Environment,
  set: Record<string, string>,
  https = false,
): Subject {
  const environment = { ...forChildren(inherited), ...set };
  const graceMs = graceOf(environment);
  const program = ownProgram(main, { SHUTDOWN_GRACE_PERIOD: `${graceMs}ms`, ...environment }, https);
  return {
    program: { ...program, chosen: chosenOf(environment, set) },
    pod: { graceMs, preStopMs: 0, stopSignal: USUAL_SIGNAL, ...PROBES },
  };
}

/** The service with this environment and what replicas on one machine need, and nothing else. */
export function ownProgram(main: string, environment: Record<string, string>, https: boolean): Program {
  const plain = environment['TLS_ONLY'] === 'true' ? [] : ['PORT'];
  return {
    title: 'the built service',
    command: [process.execPath, main],
    environment: { ...environment, ...LOCAL },
    chosen: chosenOf(environment),
    ports: https
      ? { traffic: 'TLS_PORT', others: [...plain, 'MANAGEMENT_PORT'] }
      : { traffic: 'PORT', others: ['MANAGEMENT_PORT'] },
  };
}
