import { expect } from '@jest/globals';
import { Agent } from 'node:http';
import { get, inFlight, probe } from '../harness/http.ts';
import { overlapping as test } from '../harness/overlapping.ts';
import { own } from '../harness/own.ts';
import { numbersOf, reportOf } from '../harness/report.ts';
import { startService } from '../harness/service.ts';

const FIXTURE = { entry: 'test/process/fixture.mjs' };
const from = (client: string) => ({ headers: { 'X-Forwarded-For': client } });

test('what would be too many requests at a time gets a 503 that says when to try again', async () => {
  const service = startService({ MAX_CONCURRENT_REQUESTS: '2' });
  const url = await service.url;
  const served = [get(`${url}/slow?ms=60000`), get(`${url}/slow?ms=60000`)];
  for (const answer of served) answer.catch(() => undefined); // never answered
  await inFlight(await service.management, 2, ...served);

  const agent = new Agent({ keepAlive: true });
  own(() => agent.destroy());
  const { status, headers, json } = await get(url, { agent, headers: { 'X-Request-Id': 'third' } });

  expect({ status, again: headers['retry-after'] }).toEqual({ status: 503, again: '1' });
  expect(headers.connection).toBe('keep-alive');
  expect(headers['content-type']).toBe('application/problem+json');
  expect(json()).toMatchObject({ title: 'Service Unavailable', status: 503, requestId: 'third' });
  expect(await service.line({ event: 'overload' })).toMatchObject({
    overloaded: true,
    level: 'warn',
    shed: { concurrency: 1 },
  });
  expect(await metric(await service.management, 'concurrency')).toBe(1);
  expect(await probe(await service.management, '/readyz')).toBe(200);
});

test('who has gone has given its place back', async () => {
  const service = startService({ MAX_CONCURRENT_REQUESTS: '1', MAX_CONCURRENT_REQUESTS_PER_CLIENT: '1' });
  const url = await service.url;
  const agent = new Agent();
  const served = get(`${url}/slow?ms=60000`, { agent });
  served.catch(() => undefined);
  await inFlight(await service.management, 1, served);
  expect((await get(url)).status).toBe(503);

  agent.destroy();

  await inFlight(await service.management, 0);
  for (let nth = 0; nth < 3; nth++) expect((await get(url)).status).toBe(200);
});

test('a client that asks for too much at a time gets a 429, and others are served', async () => {
  const service = startService({ MAX_CONCURRENT_REQUESTS_PER_CLIENT: '1', TRUST_PROXY: 'loopback' });
  const url = await service.url;
  const served = get(`${url}/slow?ms=60000`, from('10.0.0.1'));
  served.catch(() => undefined);
  await inFlight(await service.management, 1, served);

  const { status, headers } = await get(url, from('10.0.0.1'));

  expect({ status, again: headers['retry-after'] }).toEqual({ status: 429, again: '1' });
  expect((await get(url, from('10.0.0.2'))).status).toBe(200);
  expect(await metric(await service.management, 'client')).toBe(1);
});

test('of more requests than there is time for, those are served that have not waited for long', async () => {
  const service = startService({ OVERLOAD_EVENT_LOOP_DELAY: '200ms' }, FIXTURE);
  const url = await service.url;

  // Three seconds of work.
  const answers = Promise.all(Array.from({ length: 60 }, async () => get(`${url}/block?ms=50`)));
  await service.line({ event: 'fixture', msg: 'blocking' });
  expect(await probe(await service.management, '/livez')).toBe(200);
  const statuses = (await answers).map(({ status }) => status);

  const served = statuses.filter((status) => status === 200).length;
  const shed = statuses.filter((status) => status === 503).length;
  expect(served).toBeGreaterThan(0);
  expect(shed).toBeGreaterThan(0);
  expect(served + shed).toBe(60);
  expect(await metric(await service.management, 'event_loop')).toBe(shed);
  await service.line({ event: 'overload', overloaded: true });
  await service.line({ event: 'overload', overloaded: false });
  expect((await get(url)).status).toBe(200);
});

test('new connections are taken while the loop is behind, and not left to the kernel', async () => {
  const service = startService({ OVERLOAD_EVENT_LOOP_DELAY: '60s' }, FIXTURE);
  const url = await service.url;
  const management = await service.management;
  const first = get(`${url}/block?ms=1000`);
  await service.line({ event: 'fixture', msg: 'blocking' });

  let answered = 0;
  const others = Array.from({ length: 40 }, async () => {
    await get(`${url}/block?ms=50`);
    answered++;
  });
  let most = 0;
  while (answered < others.length) {
    const { inFlight } = (await get(`${management}/lifecycle`)).json() as { inFlight: unknown[] };
    most = Math.max(most, inFlight.length);
  }

  // One in each turn that serves one would make two of them.
  expect(most).toBeGreaterThan(10);
  await Promise.all([first, ...others]);
});

test('without a limit, all of them are served', async () => {
  const service = startService({}, FIXTURE);
  const url = await service.url;
  const answers = await Promise.all(Array.from({ length: 20 }, async () => get(`${url}/block?ms=50`)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
});

test('a client that asks for much does not take the place of one that asks for little', async () => {
  const service = startService({ OVERLOAD_EVENT_LOOP_DELAY: '1s', TRUST_PROXY: 'loopback' }, FIXTURE);
  const url = await service.url;
  const much = Promise.all(
    Array.from({ length: 80 }, async () => get(`${url}/block?ms=50`, from('10.0.0.1'))),
  );
  await service.line({ event: 'fixture', msg: 'blocking' });

  const little = [];
  for (let nth = 0; nth < 5; nth++) little.push((await get(url, from('10.0.0.2'))).status);

  expect(little).toEqual([200, 200, 200, 200, 200]);
  expect((await much).filter(({ status }) => status === 503).length).toBeGreaterThan(0);
});

test('SIGTERM in the middle of overload loses nothing that was accepted', async () => {
  const service = startService({ OVERLOAD_EVENT_LOOP_DELAY: '50ms', SHUTDOWN_WINDOW: '500ms' }, FIXTURE);
  const clients = new BusyClients(`${await service.url}/block?ms=10`, 40);
  await service.line({ event: 'overload', overloaded: true });

  service.kill('SIGTERM');

  await clients.done;
  const { code, report } = await reportOf(service);
  expect(clients.lost).toEqual([]);
  expect(code).toBe(0);
  const { answered, accepted } = numbersOf(report).requests.lifetime;
  const { 200: served = 0, 503: shed = 0 } = clients.answers;
  expect({ answered, accepted }).toEqual({ answered: served + shed, accepted: served + shed });
  expect(served).toBeGreaterThan(0);
  expect(shed).toBeGreaterThan(0);
});

/** Each asks again as soon as it is answered, on a new connection where the last has ended, until nobody is there. */
class BusyClients {
  readonly answers: Record<number, number> = {};
  /** Requests without a whole answer. */
  readonly lost: string[] = [];
  readonly done: Promise<unknown>;

  constructor(url: string, count: number) {
    this.done = Promise.all(Array.from({ length: count }, async () => this.#client(url)));
  }

  async #client(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    own(() => agent.destroy());
    for (;;) {
      try {
        const { status } = await get(url, { agent });
        this.answers[status] = (this.answers[status] ?? 0) + 1;
      } catch (error) {
        const { code = String(error) } = error as NodeJS.ErrnoException;
        if (code !== 'ECONNREFUSED') this.lost.push(code);
        return;
      }
    }
  }
}

async function metric(management: string, reason: string): Promise<number> {
  const { body } = await get(`${management}/metrics`);
  return Number(
    new RegExp(`^http_server_shed_requests_total{reason="${reason}"} (\\d+)$`, 'm').exec(body)?.[1],
  );
}
