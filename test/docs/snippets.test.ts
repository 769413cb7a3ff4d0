import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { own } from '../harness/own.ts';
import { type ServiceProcess, startService } from '../harness/service.ts';
import { unlessMissing } from '../support/skipping.ts';
import { type Block, blocksOf, isInsertion, isOfFile, PAGES } from '../../scripts/docs-blocks.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { nameOf, type Workshop, workshop } from './workshop.ts';

/** Without those of our own files, which are compiled where they are. */
const BLOCKS = PAGES.flatMap(blocksOf).filter((block) => !isOfFile(block) && !isInsertion(block));
/** Those that open something run in a process, with a real client and a database that can be told to go. */
const WITH_DATABASE = BLOCKS.filter(({ code, info }) => info === '' && code.includes('new Pool('));

/** A service whose only feature is what a block exports. */
const ENTRY = `
import express from 'express';
import { run } from './lastcall/run.js';
import { variables } from './service/variables.js';
const [feature] = Object.values(await import(process.env.SNIPPET));
const createApp = (parts) => {
  const app = express();
  feature(app, parts);
  return app;
};
await run(process.env, { createApp, variables, rooms: [] });
`;

let shop: Workshop;
let said: string;

beforeAll(() => {
  shop = workshop(BLOCKS);
  said = shop.compile();
  writeFileSync(join(shop.folder, 'dist', 'entry.js'), ENTRY);
});

afterAll(() => shop.remove());

// The README of a service that was made of the template is its own.
const obstacle = existsSync('.template.json') ? 'this is not the template' : undefined;

const testWherePossible = unlessMissing(test, 'the example of the README', obstacle);

testWherePossible('the example of the README has a resource, so there is something to run', () => {
  expect(WITH_DATABASE.map(({ page }) => page)).toContain('README.md');
});

test.each(BLOCKS.map((block) => [`${block.page}:${block.line}`, block] as const))(
  'the code at %s compiles',
  (_where, block) => {
    expect(said.split('\n').filter((line) => line.includes(nameOf(block)))).toEqual([]);
  },
);

test('nothing else is wrong with them either', () => {
  expect(said).toBe('');
});

async function serve(block: Block, database: Postgres): Promise<ServiceProcess> {
  const service = startService(
    {
      SNIPPET: shop.built(block),
      PGHOST: '127.0.0.1',
      PGPORT: String(database.port),
      PGUSER: 'app',
      HEALTH_CHECK_INTERVAL: '100ms',
      SHUTDOWN_WINDOW: '0',
      SHUTDOWN_WINDOW_MAX: '0',
    },
    { entry: join(shop.folder, 'dist', 'entry.js') },
  );
  await service.line({ event: 'health', up: true });
  return service;
}

async function database(): Promise<Postgres> {
  const postgres = await startPostgres();
  own(async () => postgres.stop());
  return postgres;
}

for (const block of WITH_DATABASE) {
  const where = `${block.page}:${block.line}`;

  test(`the service at ${where} leaves cleanly and at once, and gives its connections back`, async () => {
    const postgres = await database();
    const service = await serve(block, postgres);
    const feature = await fetch(`${await service.url}/customers`);
    expect(feature.status).toBe(200);

    service.kill('SIGTERM');

    const { ms, hooks, outcome } = await service.line({ event: 'shutdown' });
    expect({ outcome, hooks }).toMatchObject({ outcome: 'clean', hooks: [{ name: 'db', result: 'ok' }] });
    expect((ms as { cleanup: number }).cleanup).toBeLessThan(1000);
    expect((await service.ended).code).toBe(0);
    expect(await postgres.left()).toBe(0);
  });

  test(`the service at ${where} outlives a restart of its database: not ready meanwhile, then ready again`, async () => {
    const postgres = await database();
    const service = await serve(block, postgres);

    await postgres.stop();
    await service.line({ event: 'health', up: false });
    await postgres.start();
    await service.line({ event: 'health', up: true }, 2);

    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });
}
