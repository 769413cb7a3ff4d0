import type { Span } from '@opentelemetry/api';
import { errorOf } from '../lifecycle/errors.ts';
import { errorFields } from '../telemetry/error-fields.ts';

/**
 * Whatever was thrown, as the event of a span. It is read as for the log, which is not taken in by one that refuses to be.
 *
 * @returns its class
 */
export function recordError(span: Span, thrown: unknown): string {
  const { type, message, stack } = errorFields(errorOf(thrown)) as Record<string, unknown>;
  const name = String(type);
  span.recordException({ name, message: String(message), stack: String(stack) });
  return name;
}
