import { diag, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import type { Logger } from 'pino';

/** What OpenTelemetry's SDK warns of is in the log; that exports fail is told by those who make them. */
export function logSdk(logger: Logger): void {
  const tell = (message: string) => logger.warn({ event: 'tracing' }, message);
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    DiagLogLevel.WARN,
  );
  setGlobalErrorHandler(ignore);
}

function ignore(): void {
  // Nothing is to be said.
}
