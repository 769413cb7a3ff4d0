import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { maskedQuery, withMaskedQuery } from './masked-query.ts';

/** What says that a request has a span: of the gateway, or of a client that says its trace by itself. */
const HAS_SPAN = new Set(['via', 'traceparent']);

/** Spans for what is asked by `fetch` and undici, which say on a channel of Node's what they do. */
export function traceFetch(): void {
  new UndiciInstrumentation({
    ignoreRequestHook: ({ headers }) => namesOf(headers).some((name) => HAS_SPAN.has(name)),
    startSpanHook: ({ origin, path }) => {
      const { href, search } = new URL(path, origin);
      return { 'url.full': withMaskedQuery(href), 'url.query': maskedQuery(search.slice(1)) };
    },
  });
}

/** In lower case. */
function namesOf(headers: string | (string | string[])[]): string[] {
  const names =
    typeof headers === 'string'
      ? headers.split('\r\n').map((line) => line.split(':', 1)[0] ?? '')
      : headers.filter((_part, index) => index % 2 === 0).map(String);
  return names.map((name) => name.toLowerCase());
}
