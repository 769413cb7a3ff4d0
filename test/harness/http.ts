import http from 'node:http';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  json: () => Record<string, unknown>;
}

/** One request on a connection of its own, or on one of `agent`. Rejects with Node's error if there is no whole answer. */
export async function get(
  url: string,
  { agent = false, method = 'GET' }: { agent?: http.Agent | false; method?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { agent, method }, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (body += chunk));
      res.on('error', reject);
      res.on('end', () => {
        const { statusCode: status = 0, headers } = res;
        resolve({ status, headers, body, json: () => JSON.parse(body) as Record<string, unknown> });
      });
    });
    req.on('error', reject);
    req.end();
  });
}

/** The status of a probe, or the error code when nobody listens. */
export async function probe(base: string, path: string): Promise<number | string> {
  try {
    return (await get(`${base}${path}`)).status;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Resolves when the service has `count` requests in flight: what a test waits for instead of a time. */
export async function inFlight(management: string, count: number): Promise<void> {
  for (;;) {
    const { inFlight } = (await get(`${management}/lifecycle`)).json() as { inFlight: unknown[] };
    if (inFlight.length === count) return;
  }
}
