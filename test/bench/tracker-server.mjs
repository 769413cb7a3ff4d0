// A server of the tracker benchmark: `tracked` behind our Listener, `plain` behind node:http, with the same handler.
import { createServer } from 'node:http';
import { pino } from 'pino';
import { loadAll } from '../../dist/lastcall/config/config.js';
import { Listener } from '../../dist/lastcall/listener/listener.js';
import { fixture } from '../fixture/built.mjs';

const [, , tracker, application] = process.argv;
const { createApp, rooms, variables } = await fixture();
const loaded = loadAll({ PORT: '0' }, { terminal: false, variables, rooms });
const logger = pino(pino.destination({ dest: '/dev/null', sync: true }));
const bare = (_req, res) => res.end('ok');
const handler = application === 'bare' ? bare : createApp({ ...loaded, logger });
const timeouts = { keepAliveTimeoutMs: 65_000, headersTimeoutMs: 10_000, requestTimeoutMs: 60_000 };

let port;
if (tracker === 'tracked') {
  const listener = new Listener({ name: 'http', host: '127.0.0.1', port: 0, handler, ...timeouts });
  await listener.start();
  port = listener.port;
} else {
  const server = createServer(
    {
      keepAliveTimeout: 65_000,
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      connectionsCheckingInterval: 1000,
    },
    handler,
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = server.address().port;
}

process.on('message', () => {
  globalThis.gc?.();
  process.send({ heap: process.memoryUsage().heapUsed, cpu: process.cpuUsage() });
});
process.send({ port });
