import { type Logger, type LoggerOptions, pino } from 'pino';
import type { Config } from '../config/schema.ts';
import { errorOf, messageOf } from '../lifecycle/errors.ts';
import type { Health } from '../lifecycle/health.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { Listener } from '../listener/listener.ts';
import { errorFields } from './error-fields.ts';
import { isoTime } from './iso-time.ts';
import { type LogOutput, stdout } from './stdout.ts';

/** What is masked, and where: in the line itself and in what handlers and HTTP clients commonly put into it. */
const SECRETS = [
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'password',
  'secret',
  'token',
  'apiKey',
];
const PLACES = [
  'headers',
  'req.headers',
  'res.headers',
  'body',
  'user',
  'config',
  'err',
  'err.config.headers',
];
/** No wildcards: they would cost ten times as much as all the rest of a line. */
const MASKED = ['', ...PLACES].flatMap((place) => SECRETS.map((name) => `${place}["${name}"]`));

/** What these events say is in their sentence, as long as all is well; the rest is for machines. */
const SAID =
  /^\{"level":"info",.*?"pod":"[^"]*","event":"(?:lifecycle|signal|open|listening|listener|hook|health|shutdown)"/;

/** Lines of this level and above are never gathered. */
const URGENT = pino.levels.values['warn'] ?? 0;

/** The log of the process, on stdout. */
export interface Log {
  logger: Logger;
  output: LogOutput;
}

export async function createLogger({ log, service }: Pick<Config, 'log' | 'service'>): Promise<Log> {
  const options = {
    level: log.level,
    base: { service: service.name, version: service.version, pod: service.pod },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: isoTime,
    redact: { paths: MASKED, censor: '***' },
    serializers: { err: errorFields },
  };
  const format = log.format === 'pretty' ? await pretty() : (line: string) => line;
  const loss = lossLine(options);
  const output = stdout((dropped) => format(loss(dropped)));
  const stream = {
    [Symbol.for('pino.metadata')]: true, // for pino to say the level
    lastLevel: 0,
    write: (line: string) => output.write(format(line), stream.lastLevel >= URGENT),
    flush: (done?: () => void) => {
      output.flush();
      done?.();
    },
  };
  return { logger: pino(options, stream), output };
}

async function pretty(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const options = { ignore: 'service,version,pod,event' };
  const whole = prettyFactory({ ...options, singleLine: true });
  const brief = prettyFactory({ ...options, hideObject: true });
  return (line) => (SAID.test(line) ? brief : whole)(line);
}

/** The line that stands for lines that were dropped, whatever the level of the log: they may have been errors. */
function lossLine(options: LoggerOptions): (dropped: number) => string {
  let text = '';
  const logger = pino({ ...options, level: 'warn' }, { write: (line) => (text = line) });
  return (dropped) => {
    const lines = dropped === 1 ? 'line is' : 'lines are';
    logger.warn({ event: 'log', dropped }, `${dropped} ${lines} missing here: nobody read the log`);
    return text;
  };
}

/** One line for every event in the life of the process; the report is the last of all. */
export function logLifecycle(logger: Logger, lifecycle: Lifecycle): void {
  lifecycle.on('state', ({ state, previous, ms }) => {
    logger.info({ event: 'lifecycle', state, previous, ms }, `${previous} → ${state}`);
  });
  lifecycle.on('signal', ({ signal, repeated }) => {
    logger.info({ event: 'signal', signal, repeated }, repeated ? `${signal} again` : signal);
  });
  lifecycle.on('fatal', ({ kind, error }) => {
    logger.fatal({ event: 'fatal', kind, err: errorOf(error) }, `${kind}: ${messageOf(error)}`);
  });
  lifecycle.on('cut', (request) => {
    logger.warn({ event: 'cut', ...request }, `${request.outcome} ${request.method} ${request.route}`);
  });
  lifecycle.on('listener', ({ name, result, ms, cutRequests: { length: cut }, error }) => {
    const level = result === 'closed' ? 'info' : 'warn';
    const requests = cut === 0 ? '' : `: ${cut} request${cut === 1 ? '' : 's'}`;
    logger[level](
      { event: 'listener', listener: name, result, ms, cut, err: error },
      `${name} ${result} after ${duration(ms)}${requests}`,
    );
  });
  lifecycle.on('hook', ({ name, result, ms, error }) => {
    const level = result === 'ok' ? 'info' : 'error';
    logger[level](
      { event: 'hook', hook: name, result, ms, err: result === 'error' ? errorOf(error) : undefined },
      `hook ${name}: ${result} after ${duration(ms)}`,
    );
  });
  lifecycle.on('report', (report) => {
    logger[report.outcome === 'clean' ? 'info' : 'error'](
      report,
      `${report.outcome} shutdown in ${duration(report.ms.total)}, exit ${report.exitCode}`,
    );
  });
}

export function logListening(logger: Logger, listener: string, port: number): void {
  logger.info({ event: 'listening', listener, port }, `${listener} listening on port ${port}`);
}

interface Open {
  /** Their names are the schemes of their URLs. */
  listeners: { name: string; port: number }[];
  management: { port: number };
}

/** For people, in one line: where to click. */
export function logAddresses(
  logger: Logger,
  { http, management }: Pick<Config, 'http' | 'management'>,
  open: Open,
): void {
  const traffic = open.listeners.map(({ name, port }) => urlOf(name, http.host, port));
  const rest = urlOf('http', management.host, open.management.port);
  const what = [...traffic, `probes, metrics and state: ${rest}`]; // a worker has no traffic
  logger.info({ event: 'open', traffic, management: rest }, `open: ${what.join('; ')}`);
}

function urlOf(scheme: string, host: string | undefined, port: number): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return `${scheme}://localhost:${port}`;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What happens on a listener that no request's own line can say. */
export function logListener(logger: Logger, listener: Listener): void {
  listener.onThrow = (error, request) => {
    const where = request === undefined ? 'a goodbye' : `${request.method} ${request.route}`;
    logger.error(
      { event: 'thrown', ...request, listener: listener.name, err: errorOf(error) },
      `${where} threw: ${messageOf(error)}`,
    );
  };
}

export function logHealth(logger: Logger, health: Health): void {
  health.on('change', ({ name, up, error, critical }) => {
    const level = up === true ? 'info' : 'warn';
    logger[level](
      { event: 'health', check: name, up, critical, error },
      `health check ${name} is ${up === true ? 'up' : 'down'}`,
    );
  });
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
