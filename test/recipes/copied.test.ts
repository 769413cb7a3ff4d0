import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { get } from '../harness/http.ts';
import { startService } from '../harness/service.ts';

jest.setTimeout(60_000);

const COPIED = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src/main.ts', 'src/lastcall'];
/** What a recipe can't start without, none of which is there. */
const ENV = {
  CACHE_URL: 'redis://127.0.0.1:9',
  DATABASE_URL: 'postgres://127.0.0.1:9/none',
  JWT_AUDIENCE: 'shop',
  JWT_ISSUER: 'https://issuer.example',
  JWT_JWKS_URL: 'http://127.0.0.1:9/jwks',
  PRICES_URL: 'http://127.0.0.1:9',
  QUEUE_URL: 'redis://127.0.0.1:9',
  RATES_URL: 'http://127.0.0.1:9',
};
/** Of those that start nevertheless. */
const APP = `
import { expressApp, notFound, problemHandler, requestLog } from '#lastcall';
import { calling } from './calling/calling.ts';
import { jwt } from './jwt/jwt.ts';
import { openapi } from './openapi/openapi.ts';
import { redis } from './redis/redis.ts';
import type { Parts } from './variables.ts';

export function createApp(parts: Parts) {
  const app = expressApp(parts.config).use(requestLog(parts.logger));
  for (const feature of [calling, jwt, openapi, redis]) feature(app, parts);
  return app.use(notFound, problemHandler(parts.config));
}
`;
const ROOMS = `
export const rooms: import('#lastcall').Room[] = [];
export const defaults = {};
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'copied-'));
  for (const name of COPIED) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const service = join(folder, 'src', 'service');
  for (const entry of readdirSync('recipes', { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isDirectory()) cpSync(join('recipes', name), join(service, name), { recursive: true });
  }
  for (const [from, name] of [
    ['recipes', 'variables.ts'],
    ['src/service', 'body.ts'],
  ] as const) {
    cpSync(join(from, name), join(service, name));
  }
  appendFileSync(join(service, 'variables.ts'), ROOMS);
  writeFileSync(join(service, 'app.ts'), APP);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('recipes that were copied into src/service/ compile, and start as the image starts them', async () => {
  const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', join(folder, 'tsconfig.build.json')], {
    encoding: 'utf8',
  });
  expect(stdout).toBe('');

  const service = startService(ENV, { entry: join(folder, 'dist', 'main.js') });

  expect((await get(`${await service.url}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
  expect((await get(`${await service.url}/reports/1`)).status).toBe(200);
  expect((await get(`${await service.url}/me`)).status).toBe(401);
  expect((await get(`${await service.url}/products/A-1`)).status).toBe(502);
  service.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
});
