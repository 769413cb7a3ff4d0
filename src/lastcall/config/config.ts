import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { customCleanEnv, makeValidator } from 'envalid';
import type { CertificateFiles } from '../tls/certificate.ts';
import { contradictions } from './contradictions.ts';
import { type GatewayTarget, parseGatewayTargets } from '../gateway/targets.ts';
import type { ShutdownSettings } from '../lifecycle/budget.ts';
import {
  bytes,
  custom,
  duration,
  durationOrNone,
  oneOf,
  port,
  proxies,
  text,
  type Variable,
} from './variables.ts';

const DEFAULT_TERMINATION_LOG = '/dev/termination-log';
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every variable that the service reads, in the order of docs/configuration.md. */
export const SCHEMA = {
  SERVICE_NAME: text({
    defaultInWords: '`name` of package.json',
    meaning: 'Name in logs, metrics and on the landing pages',
  }),
  SERVICE_VERSION: text({
    defaultInWords: '`version` of package.json',
    meaning: 'Version in logs, metrics and on the landing pages',
  }),
  SERVICE_REVISION: text({
    defaultInWords: '`unknown`',
    meaning: 'Commit that the build was made from; a label of `build_info`',
  }),
  POD_NAME: text({ defaultInWords: 'the host name', meaning: 'Name of the pod, by the downward API' }),
  NODE_ENV: text({ default: 'production', meaning: '`development` adds stacks to error answers' }),
  HOST: text({
    defaultInWords: 'all interfaces, IPv6 and IPv4',
    meaning: 'Address of the traffic listener',
  }),
  PORT: port({ default: '8080', meaning: 'Traffic listener, HTTP/1.1; `0` picks a free port' }),
  TLS_PORT: port({ meaning: 'Traffic listener, HTTPS, with the same routes; `0` picks a free port' }),
  TLS_CERT_FILE: text({
    meaning: 'PEM certificate chain of the HTTPS listener; read again when it changes',
  }),
  TLS_KEY_FILE: text({ meaning: 'PEM private key of the HTTPS listener; read again when it changes' }),
  MANAGEMENT_HOST: text({
    defaultInWords: 'all interfaces, IPv6 and IPv4',
    meaning: 'Address of the management listener',
  }),
  MANAGEMENT_PORT: port({
    default: '8081',
    meaning: 'Management listener: probes, metrics, state; `0` picks a free port',
  }),
  LOG_LEVEL: oneOf(LOG_LEVELS, { default: 'info', meaning: 'Least level that is logged' }),
  LOG_FORMAT: oneOf(['json', 'pretty'], {
    defaultInWords: '`pretty` on a terminal, else `json`',
    meaning: 'One JSON object per line, or lines for people',
  }),
  SHUTDOWN_WINDOW: duration({
    default: '5s',
    meaning:
      'Least time in `lame-duck`; must exceed the endpoint propagation of the cluster. On a terminal `0`',
  }),
  SHUTDOWN_QUIET_PERIOD: duration({
    default: '2s',
    meaning:
      'Once the window has passed, it ends when no new traffic came for this long; `0`: it ends at `SHUTDOWN_WINDOW`',
  }),
  SHUTDOWN_WINDOW_MAX: duration({
    defaultInWords: '`10s`, or `SHUTDOWN_WINDOW` if longer',
    meaning: 'The window ends here even under constant traffic',
  }),
  SHUTDOWN_DRAIN_TIMEOUT: durationOrNone({
    default: '10s',
    meaning: 'Most time to answer what is in flight, then it is cut; `none` waits as long as it takes',
  }),
  SHUTDOWN_KEEP_ALIVE_MIN_IDLE: duration({
    default: '1s',
    meaning: 'While draining, a connection is closed only after this long without a byte',
  }),
  SHUTDOWN_CLEANUP_TIMEOUT: duration({ default: '4s', meaning: 'Most time for all cleanup hooks together' }),
  SHUTDOWN_SCRAPE_WAIT: duration({
    default: '15s',
    meaning:
      'Longest wait for the final scrape, if `/metrics` was ever read; `0`: no wait. On a terminal `0`',
  }),
  SHUTDOWN_LIVENESS: oneOf(['fail', 'pass'], {
    default: 'fail',
    meaning: 'What `/livez` does from the signal on',
  }),
  SHUTDOWN_READINESS: oneOf(['fail', 'pass'], {
    default: 'fail',
    meaning:
      'What `/readyz` does from the signal on; `pass` for single replicas and `externalTrafficPolicy: Local`',
  }),
  SHUTDOWN_GRACE_PERIOD: duration({
    meaning:
      "The pod's `terminationGracePeriodSeconds` less its preStop sleep; the sum of the phases is checked against it",
  }),
  TERMINATION_LOG: text({
    defaultInWords: '`/dev/termination-log` if it exists',
    meaning: 'File that receives the shutdown report, at most 4096 bytes',
  }),
  KEEP_ALIVE_TIMEOUT: duration({
    default: '65s',
    meaning: "An idle connection is closed after this; longer than the load balancer's idle time, often 60 s",
  }),
  HEADERS_TIMEOUT: duration({
    default: '10s',
    meaning: 'Most time to send the request headers; `0`: no limit',
  }),
  REQUEST_TIMEOUT: duration({ default: '60s', meaning: 'Most time to send a whole request; `0`: no limit' }),
  BODY_LIMIT: bytes({ default: '100kb', meaning: 'Largest JSON body, else 413' }),
  OVERLOAD_EVENT_LOOP_DELAY: duration({
    least: '10ms',
    meaning:
      "Above this p99 of the event loop's delay over a second, requests get 503 and `Retry-After`; probes never do. Not set: never",
  }),
  TRUST_PROXY: proxies({
    default: 'false',
    meaning: "Whose `X-Forwarded-*` headers are believed: Express's `trust proxy`",
  }),
  GATEWAY_TARGETS: custom(
    parseGatewayTargets,
    'a list such as /api=http://a:8000,shop.example/=http://b:8001',
    {
      meaning:
        'Reverse proxy: `prefix=URL` or `host/prefix=URL`, separated by commas; the longest prefix wins, own routes come first',
    },
  ),
  GATEWAY_TIMEOUT: duration({
    default: '30s',
    least: '10ms',
    meaning: 'Most time for a target to connect, and to begin its answer once it has the request, else 504',
  }),
  HEALTH_CHECK_TIMEOUT: duration({
    default: '800ms',
    least: '10ms',
    meaning: 'Most time for one run of a health check',
  }),
  HEALTH_CHECK_INTERVAL: duration({
    default: '5s',
    least: '100ms',
    meaning: 'Pause between two runs of a health check',
  }),
} satisfies Record<string, Variable<unknown>>;

type Values = {
  [K in keyof typeof SCHEMA]: ReturnType<(typeof SCHEMA)[K]['parse']> | undefined;
};

export interface Config {
  service: { name: string; version: string; revision: string; pod: string };
  development: boolean;
  http: {
    host: string | undefined;
    port: number;
    keepAliveTimeoutMs: number;
    headersTimeoutMs: number;
    requestTimeoutMs: number;
  };
  /** The HTTPS listener; undefined: none. */
  tls: (CertificateFiles & { port: number }) | undefined;
  management: { host: string | undefined; port: number };
  log: { level: (typeof LOG_LEVELS)[number]; format: 'json' | 'pretty' };
  shutdown: ShutdownSettings & {
    liveness: 'fail' | 'pass';
    readiness: 'fail' | 'pass';
    terminationLog: string | undefined;
  };
  bodyLimitBytes: number;
  /** Of the event loop; undefined: load is never shed. */
  overloadDelayMs: number | undefined;
  trustProxy: boolean | number | string[];
  gateway: { targets: GatewayTarget[]; timeoutMs: number };
  health: { timeoutMs: number; intervalMs: number };
}

/** The environment has values that can't be used; `problems` has one line for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`${problems.length} problem${problems.length === 1 ? '' : 's'} in the environment`);
    this.problems = problems;
  }
}

/**
 * Reads the whole configuration.
 *
 * @param terminal whether a person watches: nobody at a terminal wants to wait for load balancers
 * @throws ConfigError `CONFIG_INVALID` with every problem
 */
export function loadConfig(env: NodeJS.ProcessEnv, terminal: boolean): Config {
  const { values, invalid } = readVariables(env);
  const own = ownPackage();

  const hurried = terminal && values.SHUTDOWN_WINDOW === undefined;
  const or = <K extends keyof Values>(name: K): NonNullable<Values[K]> =>
    (values[name] ?? SCHEMA[name].parse(SCHEMA[name].fallback ?? '')) as NonNullable<Values[K]>;
  const windowMs = hurried ? 0 : or('SHUTDOWN_WINDOW');
  const config: Config = {
    service: {
      name: values.SERVICE_NAME ?? own.name,
      version: values.SERVICE_VERSION ?? own.version,
      revision: values.SERVICE_REVISION ?? 'unknown',
      pod: values.POD_NAME ?? hostname(),
    },
    development: or('NODE_ENV') === 'development',
    http: {
      host: values.HOST,
      port: or('PORT'),
      keepAliveTimeoutMs: or('KEEP_ALIVE_TIMEOUT'),
      headersTimeoutMs: or('HEADERS_TIMEOUT'),
      requestTimeoutMs: or('REQUEST_TIMEOUT'),
    },
    tls:
      values.TLS_PORT === undefined
        ? undefined
        : { port: values.TLS_PORT, certFile: values.TLS_CERT_FILE ?? '', keyFile: values.TLS_KEY_FILE ?? '' },
    management: { host: values.MANAGEMENT_HOST, port: or('MANAGEMENT_PORT') },
    log: { level: or('LOG_LEVEL'), format: values.LOG_FORMAT ?? (terminal ? 'pretty' : 'json') },
    shutdown: {
      windowMs,
      quietMs: values.SHUTDOWN_QUIET_PERIOD ?? (hurried ? 0 : or('SHUTDOWN_QUIET_PERIOD')),
      windowMaxMs: values.SHUTDOWN_WINDOW_MAX ?? (hurried ? 0 : Math.max(windowMs, 10_000)),
      drainTimeoutMs: or('SHUTDOWN_DRAIN_TIMEOUT'),
      keepAliveMinIdleMs: or('SHUTDOWN_KEEP_ALIVE_MIN_IDLE'),
      cleanupTimeoutMs: or('SHUTDOWN_CLEANUP_TIMEOUT'),
      scrapeWaitMs: values.SHUTDOWN_SCRAPE_WAIT ?? (terminal ? 0 : or('SHUTDOWN_SCRAPE_WAIT')),
      graceMs: values.SHUTDOWN_GRACE_PERIOD,
      liveness: or('SHUTDOWN_LIVENESS'),
      readiness: or('SHUTDOWN_READINESS'),
      terminationLog:
        values.TERMINATION_LOG ?? (existsSync(DEFAULT_TERMINATION_LOG) ? DEFAULT_TERMINATION_LOG : undefined),
    },
    bodyLimitBytes: or('BODY_LIMIT'),
    overloadDelayMs: values.OVERLOAD_EVENT_LOOP_DELAY,
    trustProxy: or('TRUST_PROXY'),
    gateway: { targets: values.GATEWAY_TARGETS ?? [], timeoutMs: or('GATEWAY_TIMEOUT') },
    health: { timeoutMs: or('HEALTH_CHECK_TIMEOUT'), intervalMs: or('HEALTH_CHECK_INTERVAL') },
  };
  const problems = [
    ...Object.entries(invalid).map(([name, error]) => problem(name, env[name] ?? '', error)),
    ...contradictions(config, env)
      .filter(({ of }) => !of.some((name) => name in invalid))
      .map(({ text }) => text),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The configuration as one may log it: what is called a secret, a password, a token or a key is masked. */
export function maskSecrets(config: object): unknown {
  const secret = /secret|password|token|key$/i;
  return JSON.parse(
    JSON.stringify(config, (name: string, value: unknown) => {
      if (value === Infinity) return 'none';
      return secret.test(name) && value !== undefined ? '***' : value;
    }),
  ) as unknown;
}

function readVariables(env: NodeJS.ProcessEnv): { values: Values; invalid: Record<string, Error> } {
  const specs = Object.fromEntries(
    Object.entries<Variable<unknown>>(SCHEMA).map(([name, { parse }]) => [
      name,
      makeValidator<unknown>((value) => parse(value))({ default: undefined }),
    ]),
  );
  const invalid: Record<string, Error> = {};
  const reporter = ({ errors }: { errors: Partial<Record<string, Error>> }) => {
    Object.assign(invalid, errors);
  };
  // No middleware: envalid's own makes the access to a variable that failed an error.
  const values = customCleanEnv<Record<string, unknown>, Values>(env, specs, (cleaned) => cleaned, {
    reporter,
  });
  return { values, invalid };
}

function problem(name: string, value: string, { message }: Error): string {
  const { expected = 'another value', explains } =
    (SCHEMA as Record<string, Variable<unknown> | undefined>)[name] ?? {};
  const serviceLink = /^(tcp|udp|sctp):\/\//.test(value)
    ? ' (this looks like a Kubernetes service link, made for a Service whose name gives this variable: set enableServiceLinks: false in the pod spec)'
    : '';
  const why = explains === true ? ` (${message})` : '';
  return `${name}=${JSON.stringify(value)}: expected ${expected}${why}${serviceLink}`;
}

/** The package that this file was built from; its name and version are the service's own unless told otherwise. */
function ownPackage(): { name: string; version: string } {
  const unknown = { name: 'service', version: '0.0.0' };
  try {
    const json = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return { ...unknown, ...(JSON.parse(json) as Partial<typeof unknown>) };
  } catch {
    return unknown;
  }
}
