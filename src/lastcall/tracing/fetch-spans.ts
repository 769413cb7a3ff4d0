import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { maskedQuery } from './masked-query.ts';

/** Spans for what is asked by `fetch` and undici, which say on a channel of Node's what they do. */
export function traceFetch(): void {
  new UndiciInstrumentation({
    // Somebody has given it a span already: the gateway, or a client that passes on what it was sent.
    ignoreRequestHook: ({ headers }) => namesOf(headers).includes('traceparent'),
    startSpanHook: ({ origin, path }) => {
      const { href, search } = new URL(path, origin);
      return { 'url.full': maskedQuery(href), 'url.query': maskedQuery(search) };
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
