import { budgetProblem } from '../lifecycle/budget.ts';
import type { Config } from './schema.ts';

export interface Contradiction {
  /** The variables that play a part in it. */
  of: string[];
  text: string;
}

/** A port that the process listens on. */
export interface PortInUse {
  /** Of the variable. */
  name: string;
  /** 0: a free one. */
  port: number;
  host: string | undefined;
}

export interface ContradictionContext {
  config: Config;
  env: NodeJS.ProcessEnv;
  /** All of them, those of the rooms included. */
  ports: PortInUse[];
}

/** Values that are fine by themselves and impossible together. */
export function contradictions({
  config: { http, shutdown },
  env,
  ports,
}: ContradictionContext): Contradiction[] {
  const found = samePorts(ports);
  const shown = (name: string, ms: number) => `${name}=${JSON.stringify(env[name] ?? `${ms / 1000}s`)}`;
  if (shutdown.windowMaxMs < shutdown.windowMs) {
    found.push({
      of: ['SHUTDOWN_WINDOW', 'SHUTDOWN_WINDOW_MAX'],
      text: `${shown('SHUTDOWN_WINDOW_MAX', shutdown.windowMaxMs)}: expected at least SHUTDOWN_WINDOW, which is ${shutdown.windowMs / 1000} s`,
    });
  }
  if (http.requestTimeoutMs > 0 && http.headersTimeoutMs > http.requestTimeoutMs) {
    found.push({
      of: ['HEADERS_TIMEOUT', 'REQUEST_TIMEOUT'],
      text: `${shown('HEADERS_TIMEOUT', http.headersTimeoutMs)}: expected at most REQUEST_TIMEOUT, which is ${http.requestTimeoutMs / 1000} s`,
    });
  }
  const budget = budgetProblem(shutdown);
  if (budget !== undefined) {
    found.push({
      of: ['WINDOW', 'WINDOW_MAX', 'DRAIN_TIMEOUT', 'CLEANUP_TIMEOUT', 'SCRAPE_WAIT', 'GRACE_PERIOD'].map(
        (name) => `SHUTDOWN_${name}`,
      ),
      text: `${shown('SHUTDOWN_GRACE_PERIOD', shutdown.graceMs ?? 0)}: expected ${budget}`,
    });
  }
  return found;
}

function samePorts(ports: PortInUse[]): Contradiction[] {
  return ports.flatMap(({ name, port, host }, index) => {
    const taken = ports
      .slice(0, index)
      .find((other) => port !== 0 && other.port === port && other.host === host);
    if (taken === undefined) return [];
    const text = `${name}="${port}": expected another port than ${taken.name}`;
    return [{ of: [taken.name, name], text }];
  });
}
