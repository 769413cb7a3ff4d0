import { USUAL_SIGNAL } from './signals.ts';
import { type Environment, forChildren, probe, type Subject } from './subject.ts';

/** A program that handles SIGTERM by itself gets as long as Kubernetes gives by default. */
const KUBERNETES_GRACE_MS = 30_000;

/** What another program has to say of itself. */
export interface Manners {
  /** The variable that it takes its port from; `PORT` if not said. */
  portVariable?: string;
  /** Path of its readiness probe; without one, it has to accept connections. */
  readyPath?: string;
  /** Path of its liveness probe; without one, there is none. */
  livePath?: string;
  /** Its port, and so its probes, are TLS. */
  https?: boolean;
}

/**
 * Any program: it gets its port in a variable, and is ready when it accepts a connection or answers a path.
 *
 * @param command a line for the shell, which may begin with NAME=value
 * @param inherited of this process; `set` is on top of it
 */
export function otherProgram(
  command: string,
  inherited: Environment,
  set: Record<string, string>,
  { portVariable = 'PORT', readyPath, livePath, https = false }: Manners = {},
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
      stopSignal: USUAL_SIGNAL,
      startup: probe(portVariable, readyPath, { https, periodMs: 200, failureThreshold: 300 }),
      liveness:
        livePath === undefined
          ? undefined
          : probe(portVariable, livePath, { https, periodMs: 10_000, failureThreshold: 3 }),
      readiness: probe(portVariable, readyPath, { https, periodMs: 2000, failureThreshold: 1 }),
    },
  };
}
