import { trace } from '@opentelemetry/api';
import { type Logger, symbols } from 'pino';

const { mixinSym: MIXIN, chindingsSym: BOUND } = symbols as unknown as Record<
  'mixinSym' | 'chindingsSym',
  symbol
>;
type Internal = Record<symbol, unknown>;

/** Lines that are written on behalf of a request have its `trace_id` and `span_id`, whichever logger writes them. */
export function addSpanTo(logger: Logger): void {
  (logger as unknown as Internal)[MIXIN] = spanFields;
}

function spanFields(_fields: object, _level: number, logger: Logger): object {
  const span = trace.getActiveSpan();
  // A request's own logger says it, also where the request is not what runs.
  if (span === undefined || String((logger as unknown as Internal)[BOUND]).includes('"span_id"')) return {};
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}
