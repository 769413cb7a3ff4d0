import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler, Router } from 'express';
import { expressApp } from '../../../src/lastcall/http/express-app.ts';
import { messageClasses } from '../../../src/lastcall/http/message-classes.ts';

const LONG = 'ä'.repeat(20_000);

/** Every way to answer that goes through what is done otherwise here, and some that must not. */
const ANSWERS: Record<string, RequestHandler> = {
  '/object': (_req, res) => void res.json({ a: 1, b: ['x', null] }),
  '/other-letters': (_req, res) => void res.json({ name: 'Zoë ☕ 漢字' }),
  '/text-as-json': (_req, res) => void res.json('text'),
  '/null': (_req, res) => void res.json(null),
  '/nothing': (_req, res) => void res.json(undefined),
  '/no-json': (_req, res) => void res.json(() => 1),
  '/long': (_req, res) => void res.json({ LONG }),
  '/created': (_req, res) => void res.status(201).json({ id: 7 }),
  '/no-content': (_req, res) => void res.status(204).json({ id: 7 }),
  '/typed': (_req, res) => void res.type('application/problem+json').json({ status: 400 }),
  '/own-tag': (_req, res) => void res.set('ETag', '"mine"').json({ a: 1 }),
  '/sent-object': (_req, res) => void res.send({ a: 1 }),
  '/sent-text': (_req, res) => void res.send('<p>ä</p>'),
  '/sent-bytes': (_req, res) => void res.send(Buffer.from([0, 127, 128, 255, 13, 10])),
  '/sent-nothing': (_req, res) => void res.send(),
  '/ended-bytes': (_req, res) => void res.end(Buffer.from('ä☕')),
  '/ended-text': (_req, res) => void res.end('ä☕'),
  '/ended-array': (_req, res) => void res.end(new Uint8Array([1, 255])),
  '/ended-empty': (_req, res) => void res.end(Buffer.alloc(0)),
  '/written-and-ended': (_req, res) => {
    res.write(Buffer.from('first,'));
    res.end(Buffer.from('last'));
  },
  '/headed-and-ended': (_req, res) => void res.writeHead(202, { 'X-A': 'ü' }).end(Buffer.from('body')),
  '/with-letters-in-a-header': (_req, res) => void res.set('X-A', 'ü').json({ a: 'ü' }),
  '/with-callback': (_req, res) => void res.end(Buffer.from('body'), () => undefined),
};

/** The same routes, and a router and an app of its own below. */
function withRoutes(app: Express): Express {
  app.disable('x-powered-by');
  for (const [path, handler] of Object.entries(ANSWERS)) app.all(path, handler);
  app.use(
    '/router',
    Router().get('/', (_req, res) => void res.json({ a: 1 })),
  );
  const below = express();
  below.set('json spaces', 2);
  below.get('/', (_req, res) => void res.json({ a: 1 }));
  below.disable('x-powered-by');
  app.use('/app', below);
  app.get('/after', (req, res) => void res.json({ app: req.app === app && res.app === app }));
  return app;
}

const PATHS = [...Object.keys(ANSWERS), '/router', '/app', '/after', '/missing'];

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** What is on the wire, byte for byte, but for the time. */
async function wire(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('latin1')
    .replaceAll(/^Date: .*\r\n/gm, '');
}

const ask = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n');

let bare: Server;
let ours: Server;
let ports: number[];
let app: Express;
beforeAll(async () => {
  bare = createServer(withRoutes(express()));
  app = withRoutes(expressApp({ trustProxy: false }));
  ours = createServer(messageClasses(app), app);
  ports = await Promise.all([listening(bare), listening(ours)]);
});
afterAll(() => {
  bare.close();
  ours.close();
});

const both = async (text: string) => Promise.all(ports.map(async (port) => wire(port, text)));

describe('an answer is that of Express, byte for byte', () => {
  test.each(PATHS)('GET %s', async (path) => {
    const [express, own] = await both(ask('GET', path));
    expect(own).toBe(express);
    expect(own).toMatch(/^HTTP\/1\.1 \d{3} /);
  });

  test.each(PATHS)('HEAD %s', async (path) => {
    const [express, own] = await both(ask('HEAD', path));
    expect(own).toBe(express);
  });

  test('to a client that has it already', async () => {
    const [first = ''] = await both(ask('GET', '/object'));
    const tag = /^ETag: (.*)\r$/m.exec(first)?.[1];
    const [express, own] = await both(ask('GET', '/object', `If-None-Match: ${tag}`));
    expect(own).toBe(express);
    expect(own).toMatch(/^HTTP\/1\.1 304 /);
  });

  test('to requests in a pipeline', async () => {
    const pipeline = PATHS.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
    const [express, own] = await both(pipeline + ask('GET', '/object'));
    expect(own).toBe(express);
    expect(own?.match(/HTTP\/1\.1 \d{3} /g)).toHaveLength(PATHS.length + 1);
  });

  test('to HTTP/1.0', async () => {
    const [express, own] = await both('GET /object HTTP/1.0\r\n\r\n');
    expect(own).toBe(express);
  });
});

test('settings of the app about JSON hold', async () => {
  const setting = (one: Express) => one.set('json escape', true).set('json replacer', ['a']);
  const make = (one: Express) => setting(one).get('/', (_req, res) => void res.json({ a: '<b>', c: 1 }));
  const express5 = createServer(make(express()));
  const own = make(expressApp({ trustProxy: false }));
  const served = createServer(messageClasses(own), own);
  const [theirs, mine] = await Promise.all([listening(express5), listening(served)]);
  const body = (text: string) => text.slice(text.indexOf('\r\n\r\n'));

  expect(body(await wire(mine, ask('GET', '/')))).toBe(body(await wire(theirs, ask('GET', '/'))));
  express5.close();
  served.close();
});

describe('the requests and responses of a listener', () => {
  test('are what Express wants them to be from the beginning', async () => {
    const seen: unknown[] = [];
    const own = expressApp({ trustProxy: false });
    const server = createServer(messageClasses(own));
    server.on('request', (req, res) => {
      seen.push(Object.getPrototypeOf(req) === own.request, Object.getPrototypeOf(res) === own.response);
      own(req, res);
    });
    await wire(await listening(server), ask('GET', '/'));
    server.close();
    expect(seen).toEqual([true, true]);
  });

  test('are of the same classes for each listener of an app', () => {
    expect(messageClasses(app)).toBe(messageClasses(app));
  });

  test('are those of Node for a handler that is no Express app', () => {
    expect(messageClasses(() => undefined)).toEqual({});
  });
});
