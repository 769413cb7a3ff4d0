// The process of own-client.ts: is sent an `Ask`, answers with a `Tally`.
import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const CHUNKS_END = '0\r\n\r\n';

const [ask] = await once(process, 'message');
const request = requestOf(ask);
const tally = { answers: 0, refusals: 0, broken: 0, seconds: 0 };
let running = true;
const startedAt = performance.now();
const closed = Array.from({ length: ask.connections }, client);
await new Promise((resolve) => setTimeout(resolve, ask.seconds * 1000));
running = false;
tally.seconds = (performance.now() - startedAt) / 1000;
const { answers, refusals, broken, seconds } = tally; // what comes from now on is not counted
for (const socket of closed) socket.destroy();
process.send({ answers, refusals, broken, seconds }, () => process.disconnect());

function requestOf({ path, body }) {
  if (body === undefined) return `GET ${path} HTTP/1.1\r\nHost: localhost${HEAD_END}`;
  const length = Buffer.byteLength(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
  return `${head}${HEAD_END}${body}`;
}

function client() {
  const socket = connect({ port: ask.port, host: '127.0.0.1', noDelay: true });
  let text = '';
  socket.on('connect', () => socket.write(request));
  socket.on('data', (chunk) => {
    text = text === '' ? chunk.latin1Slice() : text + chunk.latin1Slice();
    if (!isWhole(text)) return;
    tally.answers++;
    if (text.charCodeAt(9) >= 52) tally.refusals++; // 'HTTP/1.1 4'
    text = '';
    if (running) socket.write(request);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (running) tally.broken++;
  });
  return socket;
}

/** Whether there is an answer from its first to its last byte. None is asked for before the one before it is whole. */
function isWhole(answer) {
  const head = answer.indexOf(HEAD_END);
  if (head === -1) return false;
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, head)) ?? [];
  if (length === undefined) return answer.endsWith(CHUNKS_END);
  return answer.length >= head + HEAD_END.length + Number(length);
}
