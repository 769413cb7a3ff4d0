import { type Bindings, type ChildLoggerOptions, type Logger, symbols } from 'pino';
import { RequestFields } from './request-fields.ts';

/** The key under which pino-http shows the request that the last line of it is about. */
export const REQUEST = 'request';
const { chindingsSym: BOUND } = symbols;

type ChildOf = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;

/**
 * The logger for pino-http, which asks for two children for each request: one that handlers log with, and one that its
 * own line is written by. Most requests are never logged but by that line, and pino's way to make a child takes longer
 * than writing it. So the first is made in one step, a logger of pino's like any other, and the second is the same for
 * all of them.
 *
 * @param logger masks secrets. Only {@link RequestFields} that can hold none are written without that
 */
export function loggerOfRequests(logger: Logger): Logger {
  const plain = logger.child({}, { redact: [] });
  const write = (level: 'info' | 'error') => (fields: unknown, text?: string) => {
    const isPlain = fields instanceof RequestFields && !fields.mayHoldSecret;
    (isPlain ? plain : logger)[level](fields, text);
  };
  const line = inheriting(logger, { info: write('info'), error: write('error') });
  const { child: childOf } = logger as unknown as { child: ChildOf };
  const common = inheriting(logger, {
    child(this: Logger, bindings: Bindings, options?: ChildLoggerOptions) {
      return REQUEST in bindings ? line : childOf.call(this, bindings, options);
    },
  });
  const own = inheriting(logger, {
    child: ({ requestId }: Bindings) => bind(common, 'requestId', String(requestId)),
  });
  // pino-http begins with a child for its options, which are all empty here.
  return inheriting(logger, { child: () => own });
}

/** A child that has one more field, which pino's own way to make one takes ten times as long for. */
export function bind(parent: Logger, field: string, value: string): Logger {
  const bound = String((parent as unknown as Record<symbol, unknown>)[BOUND]);
  return inheriting(parent, { [BOUND]: `${bound},"${field}":${JSON.stringify(value)}` });
}

/** As pino makes its own children. */
function inheriting(parent: Logger, members: object): Logger {
  return Object.assign(Object.create(parent) as Logger, members);
}
