// What the gateways have behind them, in a process of its own. `small` answers whatever comes with the same bytes, as
// fast as Node can; `streams` sends and takes bodies of any size; `collector` says yes to every export, and reads none. It
// sends its ports: `{ small, streams, collector }`.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { receive, send } from './peers/routes.mjs';

const BODY = JSON.stringify({ service: 'target', version: '0.1.0', pod: 'target-0', uptimeSeconds: 100 });
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
const HEAD_END = '\r\n\r\n';

const small = createServer({ noDelay: true }, (socket) => {
  let unread = '';
  socket.on('data', (chunk) => {
    const heads = (unread + chunk.latin1Slice()).split(HEAD_END);
    unread = heads.pop();
    if (heads.length > 0) socket.write(ANSWER.repeat(heads.length));
  });
  socket.on('error', () => undefined);
});
const streams = createHttpServer((req, res) => {
  if (req.method === 'POST') receive(req, res);
  else send(Number(req.url.replace('/target/', '')), res);
});
const collector = createHttpServer((req, res) => req.resume().once('end', () => res.end()));
for (const server of [small, streams, collector]) await once(server.listen(0, '127.0.0.1'), 'listening');
process.once('disconnect', () => process.exit());
const portOf = (server) => server.address().port;
process.send({ small: portOf(small), streams: portOf(streams), collector: portOf(collector) });
