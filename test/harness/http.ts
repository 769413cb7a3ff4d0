import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  json: () => Record<string, unknown>;
}

/** One request on a connection of its own, or on one of `agent`. Rejects with Node's error if there is no whole answer. */
export async function get(
  url: string,
  {
    agent = false,
    method = 'GET',
    headers = {},
  }: { agent?: http.Agent | false; method?: string; headers?: http.OutgoingHttpHeaders } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { agent, method, headers }, (res) => {
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

/** Between two looks at something that has no event: a loop without it takes the processor from what it waits for. */
const LOOK_AGAIN_MS = 10;

/**
 * Resolves when the service has `count` requests in flight: what a test waits for instead of a time.
 *
 * @param answers of these requests: one that comes already, or that fails, ends the wait with an error that tells of it
 */
export async function inFlight(
  management: string,
  count: number,
  ...answers: Promise<unknown>[]
): Promise<void> {
  const reached = new AbortController();
  const early = answers.map(async (pending) => {
    const answer = await pending;
    if (reached.signal.aborted) return;
    throw new Error(`not in flight, but answered: ${JSON.stringify(answer)}`);
  });
  const look = async () => {
    for (;;) {
      const { inFlight } = (await get(`${management}/lifecycle`)).json() as { inFlight: unknown[] };
      if (inFlight.length === count) return;
      await sleep(LOOK_AGAIN_MS);
    }
  };
  for (const answer of early) answer.catch(() => undefined); // those that come later are the test's own
  await Promise.race([look(), ...early]);
  reached.abort();
}
