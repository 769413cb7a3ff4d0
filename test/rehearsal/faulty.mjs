// Programs with one fault each, for the rehearsal to find: node faulty.mjs <fault>
import { createServer } from 'node:http';

const [, , fault] = process.argv;
const WINDOW_MS = 800;
const startedAt = Date.now();
let leaving = false;
let requests = 0;
const requestsOf = new WeakMap();

const server = createServer((req, res) => {
  const { socket } = req;
  const nth = (requestsOf.get(socket) ?? 0) + 1;
  requestsOf.set(socket, nth);
  if (req.url === '/live') res.writeHead(Date.now() - startedAt > 600 ? 503 : 200).end();
  else if (fault === 'fails-under-load' && ++requests % 3 === 0) res.writeHead(500).end();
  else if (leaving && fault === 'rejects') res.writeHead(503).end('leaving');
  else if (leaving && fault === 'resets-kept-connections' && nth > 1) socket.resetAndDestroy();
  else if (leaving && fault === 'breaks-answers-off') {
    res.writeHead(200, { 'Content-Length': 10 }).write('half ');
    setImmediate(() => socket.destroy());
  } else if (leaving && fault === 'hangs') return;
  else {
    if (leaving && ['none', 'closes-by-the-clock'].includes(fault)) res.setHeader('Connection', 'close');
    res.end('ok');
  }
});
server.keepAliveTimeout = 60_000;

const onSigterm = () => {
  if (fault === 'ignores-sigterm') return;
  leaving = true;
  if (fault === 'closes-at-once') server.close(() => process.exit(0));
  else if (fault === 'closes-by-the-clock') setTimeout(() => process.exit(0), 2 * WINDOW_MS);
  else setTimeout(() => process.exit(0), WINDOW_MS);
};
if (fault !== 'no-handler') process.on('SIGTERM', onSigterm);
server.listen(process.env.PORT, process.env.HOST);
