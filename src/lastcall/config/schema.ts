import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import {
  bytes,
  type Context,
  custom,
  duration,
  durationOrNone,
  flag,
  integer,
  oneOf,
  port,
  proxies,
  text,
  type Variable,
} from './variables.ts';

/** Variables by the place that their values get in the configuration: one, or a group of them. */
export type Schema = Record<string, Variable | Record<string, Variable>>;

/** The values of a schema. */
export type ValuesOf<S> = {
  -readonly [K in keyof S]: S[K] extends Variable<infer T>
    ? T
    : { -readonly [G in keyof S[K]]: S[K][G] extends Variable<infer T> ? T : never };
};

const DEFAULT_TERMINATION_LOG = '/dev/termination-log';
const LONGEST_WINDOW_MS = 10_000;

/** On a terminal nobody waits for load balancers, unless a window is asked for. */
const hurried = ({ terminal, isSet }: Context) => terminal && !isSet('SHUTDOWN_WINDOW');

function isDevelopment(value: string): boolean {
  if (value.trim() === '') throw new Error('empty');
  return value === 'development';
}

/** Every variable of the engine, in the order of docs/configuration.md. */
export const SCHEMA = {
  service: {
    name: text('SERVICE_NAME', {
      derive: ({ own }: Context) => own.name,
      defaultInWords: '`name` of package.json',
      meaning: 'Name in logs, metrics and on the landing pages',
    }),
    version: text('SERVICE_VERSION', {
      derive: ({ own }: Context) => own.version,
      defaultInWords: '`version` of package.json',
      meaning: 'Version in logs, metrics and on the landing pages',
    }),
    revision: text('SERVICE_REVISION', {
      default: 'unknown',
      meaning: 'Commit that the build was made from; a label of `build_info`',
    }),
    pod: text('POD_NAME', {
      derive: () => hostname(),
      defaultInWords: 'the host name',
      meaning: 'Name of the pod, by the downward API',
    }),
  },
  development: {
    ...custom('NODE_ENV', isDevelopment, 'some text', {
      default: 'production',
      meaning: '`development` adds stacks to error answers',
    }),
    explains: false,
  },
  http: {
    host: text('HOST', {
      defaultInWords: 'all interfaces, IPv6 and IPv4',
      meaning: 'Address of the traffic listener',
    }),
    port: port('PORT', { default: '8080', meaning: 'Traffic listener, HTTP/1.1; `0` picks a free port' }),
    keepAliveTimeoutMs: duration('KEEP_ALIVE_TIMEOUT', {
      default: '65s',
      meaning:
        "An idle connection is closed after this; longer than the load balancer's idle time, often 60 s",
    }),
    headersTimeoutMs: duration('HEADERS_TIMEOUT', {
      default: '10s',
      meaning: 'Most time to send the request headers; `0`: no limit',
    }),
    requestTimeoutMs: duration('REQUEST_TIMEOUT', {
      default: '60s',
      meaning: 'Most time to send a whole request; `0`: no limit',
    }),
    sendTimeoutMs: duration('SEND_TIMEOUT', {
      default: '60s',
      meaning:
        'Most time in which a client takes nothing of what is sent, then its connection is closed; `0`: no limit',
    }),
    maxConnections: integer('MAX_CONNECTIONS', {
      default: '10000',
      meaning:
        'Most connections of a listener, the next are closed at once; an idle one takes 9 kB, with TLS 43 kB. `0`: no limit',
    }),
  },
  management: {
    host: text('MANAGEMENT_HOST', {
      defaultInWords: 'all interfaces, IPv6 and IPv4',
      meaning: 'Address of the management listener',
    }),
    port: port('MANAGEMENT_PORT', {
      default: '8081',
      meaning: 'Management listener: probes, metrics, state; `0` picks a free port',
    }),
  },
  log: {
    level: oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      meaning: 'Least level that is logged',
    }),
    format: oneOf('LOG_FORMAT', ['json', 'pretty'], {
      derive: ({ terminal }: Context) => (terminal ? 'pretty' : 'json'),
      defaultInWords: '`pretty` on a terminal, else `json`',
      meaning: 'One JSON object per line, or lines for people',
    }),
    sync: flag('LOG_SYNC', {
      default: 'false',
      meaning:
        'Each line is written at once; else lines of a ready service are written together, after at most 5 ms',
    }),
  },
  shutdown: {
    windowMs: duration('SHUTDOWN_WINDOW', {
      default: '5s',
      derive: ({ terminal }: Context) => (terminal ? 0 : undefined),
      meaning:
        'Least time in `lame-duck`; must exceed the endpoint propagation of the cluster. On a terminal `0`',
    }),
    quietMs: duration('SHUTDOWN_QUIET_PERIOD', {
      default: '2s',
      derive: (context: Context) => (hurried(context) ? 0 : undefined),
      meaning:
        'Once the window has passed, it ends when no new traffic came for this long; `0`: it ends at `SHUTDOWN_WINDOW`',
    }),
    windowMaxMs: duration('SHUTDOWN_WINDOW_MAX', {
      derive: (context: Context) =>
        hurried(context) ? 0 : Math.max(Number(context.valueOf('SHUTDOWN_WINDOW')), LONGEST_WINDOW_MS),
      defaultInWords: '`10s`, or `SHUTDOWN_WINDOW` if longer',
      meaning: 'The window ends here even under constant traffic',
    }),
    drainTimeoutMs: durationOrNone('SHUTDOWN_DRAIN_TIMEOUT', {
      default: '10s',
      meaning: 'Most time to answer what is in flight, then it is cut; `none` waits as long as it takes',
    }),
    keepAliveMinIdleMs: duration('SHUTDOWN_KEEP_ALIVE_MIN_IDLE', {
      default: '1s',
      meaning: 'While draining, a connection is closed only after this long without a byte',
    }),
    cleanupTimeoutMs: duration('SHUTDOWN_CLEANUP_TIMEOUT', {
      default: '4s',
      meaning: 'Most time for all cleanup hooks together',
    }),
    scrapeWaitMs: duration('SHUTDOWN_SCRAPE_WAIT', {
      default: '15s',
      derive: ({ terminal }: Context) => (terminal ? 0 : undefined),
      meaning:
        'Longest wait for the final scrape, if `/metrics` was ever read; `0`: no wait. On a terminal `0`',
    }),
    liveness: oneOf('SHUTDOWN_LIVENESS', ['fail', 'pass'], {
      default: 'fail',
      meaning: 'What `/livez` does from the signal on',
    }),
    readiness: oneOf('SHUTDOWN_READINESS', ['fail', 'pass'], {
      default: 'fail',
      meaning:
        'What `/readyz` does from the signal on; `pass` for single replicas and `externalTrafficPolicy: Local`',
    }),
    graceMs: duration('SHUTDOWN_GRACE_PERIOD', {
      meaning:
        "The pod's `terminationGracePeriodSeconds` less its preStop sleep; the sum of the phases is checked against it",
    }),
    terminationLog: text('TERMINATION_LOG', {
      // Undefined where it does not exist.
      derive: () => (existsSync(DEFAULT_TERMINATION_LOG) ? DEFAULT_TERMINATION_LOG : undefined),
      defaultInWords: '`/dev/termination-log` if it exists',
      meaning: 'File that receives the shutdown report, at most 4096 bytes',
    }),
  },
  bodyLimitBytes: bytes('BODY_LIMIT', { default: '100kb', meaning: 'Largest JSON body, else 413' }),
  overload: {
    delayMs: duration('OVERLOAD_EVENT_LOOP_DELAY', {
      least: '10ms',
      meaning:
        'Requests that have waited for the event loop for longer than this get 503 and `Retry-After`; probes never do. Not set: never',
    }),
    maxRequests: integer('MAX_CONCURRENT_REQUESTS', {
      least: 1,
      meaning: 'Most requests at a time, WebSockets not counted; others get 503. Not set: no limit',
    }),
    maxRequestsPerClient: integer('MAX_CONCURRENT_REQUESTS_PER_CLIENT', {
      least: 1,
      meaning:
        'The same for each client, by its address as `TRUST_PROXY` says; others of it get 429. Not set: no limit',
    }),
  },
  trustProxy: proxies('TRUST_PROXY', {
    default: 'false',
    meaning: "Whose `X-Forwarded-*` headers are believed: Express's `trust proxy`",
  }),
  health: {
    timeoutMs: duration('HEALTH_CHECK_TIMEOUT', {
      default: '800ms',
      least: '10ms',
      meaning: 'Most time for one run of a health check',
    }),
    intervalMs: duration('HEALTH_CHECK_INTERVAL', {
      default: '5s',
      least: '100ms',
      meaning: 'Pause between two runs of a health check',
    }),
  },
} as const satisfies Schema;

/** What the engine is told by its environment. Durations are in milliseconds. */
export type Config = ValuesOf<typeof SCHEMA>;

/** All variables of a schema, by their names in the environment and in its order. */
export function byName(schema: Schema): Record<string, Variable> {
  const variables = Object.values(schema).flatMap((entry) =>
    isVariable(entry) ? [entry] : Object.values(entry),
  );
  return Object.fromEntries(variables.map((variable) => [variable.name, variable]));
}

export function isVariable(entry: Variable | Record<string, Variable>): entry is Variable {
  return typeof entry['parse'] === 'function';
}
