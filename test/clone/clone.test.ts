import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Copy, OBSTACLE } from '../support/copy.ts';
import { unlessMissing } from '../support/skipping.ts';

jest.setTimeout(300_000);

const testWherePossible = unlessMissing(test, 'a clone of its own', OBSTACLE);
/** All that a clone has to have of its own: one feature, and no room of the engine. */
const OWN = {
  'src/service/variables.ts': `import type { AppParts, Room } from '#lastcall';

export const rooms: Room[] = [];

export const variables = {};

export const defaults = {};

export type Parts = AppParts<typeof variables>;
`,
  'src/service/app.ts': `import express, { type Express } from 'express';
import { notFound, problemHandler, requestLog } from '#lastcall';
import { greeting } from './greeting/greeting.ts';
import type { Parts } from './variables.ts';

export function createApp({ config, logger }: Parts): Express {
  const app = express();
  app.use(requestLog(logger));
  greeting(app);
  app.use(notFound);
  app.use(problemHandler(config));
  return app;
}
`,
  'src/service/greeting/greeting.ts': `import type { Router } from 'express';

export function greeting(router: Router): void {
  router.get('/greeting', (_req, res) => void res.json({ hello: 'world' }));
}
`,
  'src/service/paths.json': `{
  "get": { "path": "/greeting", "status": 200, "answer": { "hello": "world" } },
  "slowRoutes": "/events"
}
`,
  'test/service/greeting.test.ts': `import { expect, test } from '@jest/globals';
import request from 'supertest';
import { startOwnApp } from '../harness/own-service.ts';

test('greets', async () => {
  const { url } = await startOwnApp();

  const { body } = await request(url).get('/greeting').expect(200);

  expect(body).toEqual({ hello: 'world' });
});
`,
};
/** About any service. */
const KEPT = ['test/service/life.test.ts', 'test/service/paths.test.ts', 'src/service/body.ts'];

let copy: Copy;

beforeAll(() => {
  if (OBSTACLE !== undefined) return;
  copy = new Copy();
  const kept = KEPT.map((path) => [path, copy.read(path)]);
  for (const folder of ['src/service', 'test/service']) {
    copy.delete(folder);
    mkdirSync(copy.at(folder));
  }
  for (const [path = '', text = ''] of [...kept, ...Object.entries(OWN)]) copy.write(path, text);
  // It has other variables, and their table is written by a command: CONTRIBUTING.md.
  const complaints = copy.complaintsOf('npm', 'run', 'docs');
  if (complaints !== '') throw new Error(complaints);
});

afterAll(() => copy?.remove());

describe('a clone that has replaced all of src/service/ and test/service/', () => {
  testWherePossible.each([
    ['tsc', ['-p', 'tsconfig.json', '--noEmit']],
    ['oxlint', []],
    ['prettier', ['--check', '--log-level=warn', '.']],
  ])('has nothing that %s minds', (program, args) => {
    expect(copy.complaintsOf(program, ...args)).toBe('');
  });

  testWherePossible('is built, and passes the tests of its own', () => {
    expect(copy.failuresOf('test/service')).toBe('');
    expect(copy.has('dist/service/greeting/greeting.js')).toBe(true);
    expect(copy.has('dist/service/echo')).toBe(false);
  });

  testWherePossible('passes the tests of the engine', () => {
    expect(copy.failuresOf('test/lastcall/')).toBe('');
  });

  testWherePossible('passes tests that send signals to the engine', () => {
    expect(copy.failuresOf('test/process/(start|visibility|keep-alive|gateway)\\.test')).toBe('');
  });
});
