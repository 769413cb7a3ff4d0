// The process of crowd.ts: is sent an `AskOfCrowd`, answers with a `CrowdTally`.
import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const TICK_MS = 1;

const [ask] = await once(process, 'message');
const REQUEST = `GET ${ask.path} HTTP/1.1\r\nHost: localhost${HEAD_END}`;
const tally = { asked: 0, served: 0, refused: 0, lost: 0 };
/** Of what was served: from when it was due to its answer, in seconds. */
const latencies = [];
const idle = [];
const waiting = [];
let open = 0;

const startedAt = performance.now();
const countedFrom = startedAt + ask.warmUpSeconds * 1000;
const until = countedFrom + ask.seconds * 1000;
let dueAt = startedAt;
const ticking = setInterval(tick, TICK_MS);
await new Promise((resolve) => setTimeout(resolve, until + ask.patienceSeconds * 1000 + 50 - startedAt));
clearInterval(ticking);
latencies.sort((a, b) => a - b);
const p99Seconds = latencies[Math.floor(0.99 * latencies.length)] ?? ask.patienceSeconds;
process.send({ ...tally, seconds: ask.seconds, p99Seconds }, () => process.exit());

/** Sends what is due, and gives up what has taken too long. */
function tick() {
  const now = performance.now();
  for (; dueAt <= now && dueAt < until; dueAt += (-Math.log(1 - Math.random()) * 1000) / ask.perSecond) {
    const request = { dueAt, isCounted: dueAt >= countedFrom, retries: ask.retries, client: undefined };
    if (request.isCounted) tally.asked++;
    waiting.push(request);
    send(request);
  }
  while (waiting.length > 0) {
    const [{ dueAt: at, isOver, client }] = waiting;
    if (!isOver && now - at < ask.patienceSeconds * 1000) break;
    const request = waiting.shift();
    if (isOver) continue;
    end(request, 'lost');
    client?.destroy();
  }
}

function send(request) {
  const client = idle.pop() ?? (open < ask.mostConnections ? newClient() : undefined);
  if (client === undefined) {
    end(request, 'lost');
    return;
  }
  client.request = request;
  request.client = client;
  client.write(REQUEST);
}

function newClient() {
  open++;
  const client = connect({ port: ask.port, host: '127.0.0.1', noDelay: true });
  let text = '';
  client.on('data', (chunk) => {
    text += chunk.latin1Slice();
    const head = text.slice(0, text.indexOf(HEAD_END) + HEAD_END.length);
    const [, length = '0'] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
    if (head.length < HEAD_END.length || text.length < head.length + Number(length)) return;
    const status = text.slice(9, 12);
    text = '';
    const { request } = client;
    client.request = undefined;
    if (ask.keepAlive && !/\r\nconnection: close/i.test(head)) idle.push(client);
    else client.destroy();
    if (request !== undefined) answered(request, status);
  });
  client.on('error', () => undefined);
  client.on('close', () => {
    open--;
    const at = idle.indexOf(client);
    if (at !== -1) idle.splice(at, 1);
    if (client.request !== undefined) end(client.request, 'lost');
  });
  return client;
}

function answered(request, status) {
  if (request.isOver) return;
  if (status === '200') {
    if (request.isCounted) latencies.push((performance.now() - request.dueAt) / 1000);
    end(request, 'served');
  } else if (request.retries > 0) {
    request.retries--;
    send(request);
  } else {
    end(request, 'refused');
  }
}

function end(request, how) {
  if (request.isOver) return;
  request.isOver = true;
  if (request.isCounted) tally[how]++;
}
