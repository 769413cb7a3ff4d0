import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createTerminus } from '@godaddy/terminus';
import { objectionTo } from '../listener/objection.ts';
import { toOriginForm } from '../listener/request-target.ts';
import { offersUpgrade } from '../listener/upgrades.ts';

/** The answer to a probe: 200 or 503, and what the body says. */
export interface ProbeAnswer {
  ok: boolean;
  body: Record<string, unknown>;
}

export interface TerminusOptions {
  /** By path, without query string. Called for every probe: must be quick and must not throw. */
  probes: Record<string, (verbose: boolean) => ProbeAnswer>;
  signals: NodeJS.Signals[];
  /** Called for each signal, before terminus acts on the first. */
  onSignal: (signal: NodeJS.Signals) => void;
  /** The whole wind-down, at whose end the process is gone. */
  windDown: () => Promise<void>;
}

/**
 * Puts a management server under @godaddy/terminus 4.12: it traps the signals, starts the wind-down at the
 * first, and routes the probes. Call it once per process and after the server's own request listener is set
 * (it wraps the listeners that it finds, and keeps its answers in variables that all its servers share).
 *
 * Terminus has not been maintained since 2024. Each line says which of its defects it keeps out of reach.
 */
export function superviseWithTerminus(server: Server, options: TerminusOptions): void {
  const { probes, signals, onSignal, windDown } = options;

  // It goes deaf after the first signal, and tells its hooks the name of none. First in line, so that the
  // signal is known when the wind-down starts.
  for (const signal of signals) process.on(signal, () => onSignal(signal));

  const healthChecks: Record<string, () => Promise<unknown>> = {};
  for (const [path, probe] of Object.entries(probes)) {
    healthChecks[path] = async () => answer(probe(false));
    healthChecks[`${path}?verbose`] = async () => answer(probe(true));
  }

  createTerminus(server, {
    healthChecks: { ...healthChecks, verbatim: true },
    // It would push SIGTERM into our array.
    signals: [...signals],
    // All of the wind-down happens here and ends in process.exit. What would follow kills instead of ending:
    // its stop() cuts what is open after one second and tells nobody, and it ends by sending itself the signal
    // again, which the kernel ignores for PID 1, so that the process hangs until SIGKILL.
    beforeShutdown: windDown,
    useExit0: true,
    // It would fail all probes alike and with no headers; ours know which of them the shutdown concerns.
    sendFailuresDuringShutdown: false,
  });

  // It compares the whole URL, so that `/livez?x=1` would be a 404. Runs before its own listener.
  server.prependListener('request', (req: IncomingMessage, res: ServerResponse) => {
    toOriginForm(req);
    if (offersUpgrade(req)) res.shouldKeepAlive = false;
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    if (!Object.hasOwn(probes, path)) return;
    // It answers everything. A URL that it does not know sends the request to our own listener, to be refused.
    const refused = (req.method !== 'GET' && req.method !== 'HEAD') || objectionTo(req) !== undefined;
    if (refused) req.url = `${path}?`;
    else req.url = /(^|&)verbose(=|&|$)/.test(query) ? `${path}?verbose` : path;
    res.setHeader('Cache-Control', 'no-store');
  });
}

/**
 * A good answer is merged by terminus into one object that it keeps for ever, so every body has the same keys
 * (those without a value vanish in JSON). A bad one travels as an error with status and body of its own: one
 * without them would end the process, and a 200 on it would be a success.
 */
function answer({ ok, body }: ProbeAnswer): unknown {
  if (ok) return body;
  throw Object.assign(new Error('not ok'), { statusCode: 503, statusResponse: body });
}
