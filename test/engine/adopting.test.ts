import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { inTime } from '../harness/in-time.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { type Project, projectWith } from '../support/installed-engine.ts';
import { KeepAliveClients, punctual } from '../support/keep-alive-clients.ts';
import { freePorts } from '../support/ports.ts';

jest.setTimeout(180_000);

/** What services come from, and the Express of most of them. */
const PACKAGES = [
  'express@4.22.3',
  '@types/express@4.17.25',
  '@godaddy/terminus@4.12.1',
  'lightship@9.0.4',
  'http-terminator@3.2.0',
  'stoppable@1.1.0',
  '@types/stoppable@1.1.3',
];
const CLIENTS = 60;
const THINK_MS = 500;
/** How long a service that was told to leave may take to open its port or to close it. */
const LOOK_MS = 20;

/** What stands for whatever a service opens. */
const DATABASE = `
const say = async (msg: string) => void process.stdout.write(JSON.stringify({ msg }) + '\\n');
export const database = {
  connect: () => say('database open'),
  ping: async () => undefined,
  close: () => say('database closed'),
};
`;
const APP = `
import express from 'express';
export const app = express().use(express.json()).post('/echo', (req, res) => void res.json(req.body));
`;

interface Diff {
  name: string;
  before: string;
  after: string;
}

const DIFFS: Diff[] = [
  ...readFileSync('docs/adopting.md', 'utf8').matchAll(/^```diff (\S+)\n([^]*?)^```$/gm),
].map(([, name = '', text = '']) => {
  const side = (mark: string) =>
    text
      .split('\n')
      .filter((line) => line === '' || line.startsWith(' ') || line.startsWith(mark))
      .map((line) => line.slice(1))
      .join('\n');
  return { name, before: side('-'), after: side('+') };
});

let project: Project;
let said: string;
beforeAll(() => {
  project = projectWith(PACKAGES, { skipLibCheck: true }); // those of others don't all pass
  project.write('database.ts', DATABASE);
  project.write('app.ts', APP);
  for (const { name, before, after } of DIFFS) {
    project.write(`${name}-before.ts`, before);
    project.write(`${name}-after.ts`, after);
  }
  said = project.compile();
});
afterAll(() => project?.remove());

test('the page has a way from each of them', () => {
  expect(DIFFS.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['terminus', 'lightship', 'http-terminator', 'stoppable', 'by-hand']),
  );
});

test('all that it shows compiles, before and after', () => {
  expect(said).toBe('');
});

describe.each(DIFFS)('$name', ({ name, before }) => {
  const opens = before.includes('database');

  /** The service on ports that are known, for not all of them say which they have. */
  async function start(side: 'before' | 'after') {
    const [port, management] = await freePorts(2);
    const service = startService(
      {
        PORT: String(port),
        MANAGEMENT_PORT: String(management),
        LOG_LEVEL: 'info',
        SHUTDOWN_WINDOW: '1s',
        SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '1s',
      },
      { entry: join(project.folder, 'out', `${name}-${side}.js`) },
    );
    const url = `http://127.0.0.1:${port}`;
    await answering(service, url);
    return { service, url, management: `http://127.0.0.1:${management}` };
  }

  test('before, it serves, and ends at SIGTERM', async () => {
    const { service, url } = await start('before');
    const answer = await echo(url);
    service.kill('SIGTERM');
    const { stdout } = await service.ended;

    expect(await answer.json()).toEqual({ hello: 'world' });
    expect(stdout.includes('database closed')).toBe(opens);
  });

  test('after, it loses nothing under load, closes what it has opened, and exits with 0', async () => {
    await inTime(async () => {
      const { code, stdout, lost, late, ready } = await punctual(CLIENTS, async () => {
        const { service, url, management } = await start('after');
        const ready = (await fetch(`${management}/readyz`)).status;
        const clients = new KeepAliveClients(url, CLIENTS, THINK_MS);
        await clients.busy;
        service.kill('SIGTERM');
        const { code, stdout } = await service.ended;
        await clients.done;
        return { code, stdout, ready, ...clients.tally };
      });

      expect(lost).toEqual({});
      expect(code).toBe(late > 0 ? 80 : 0);
      expect(ready).toBe(200);
      expect(stdout).toContain('"outcome":"clean"');
      expect(stdout.includes('database closed')).toBe(opens);
    });
  });
});

async function echo(url: string): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(`${url}/echo`, { method: 'POST', headers, body: '{"hello":"world"}' });
}

/** Asks until it listens; rejects with what it has said when it ends instead. */
async function answering(service: ServiceProcess, url: string): Promise<void> {
  const ended = service.ended.then(({ code, stdout, stderr }) => {
    throw new Error(`it has ended with ${code}:\n${stdout}${stderr}`);
  });
  const asking = async () => {
    for (;;) {
      try {
        await echo(url);
        return;
      } catch {
        await new Promise((resolve) => void setTimeout(resolve, LOOK_MS));
      }
    }
  };
  await Promise.race([asking(), ended]);
}
