// Programs that do what the built service never does: node peculiar.mjs <peculiarity>
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';

const [, , peculiarity] = process.argv;
let leaving = false;
let requests = 0;
const OK = 'Content-Length: 2\r\n\r\nok';
const answers = {
  'says-close-loudly': (leaving) => `HTTP/1.1 200 OK\r\n${leaving ? 'Connection: Close\r\n' : ''}${OK}`,
  'closes-what-is-idle': () => `HTTP/1.1 200 OK\r\n${OK}`,
  'rejects-now-and-then': (leaving) =>
    leaving || ++requests % 20 === 0
      ? `HTTP/1.1 503 Unavailable\r\nConnection: close\r\n${OK}`
      : `HTTP/1.1 200 OK\r\nConnection: close\r\n${OK}`,
  'http-1.0': () => `HTTP/1.0 200 OK\r\n${OK}`,
};
const answer = answers[peculiarity] ?? (() => `HTTP/1.1 200 OK\r\nConnection: close\r\n${OK}`);

if (peculiarity === 'writes-without-end') {
  process.stdout.write('{'.repeat(5_000_000));
  process.stderr.write(Buffer.alloc(1_000_000, 0xff));
}
if (peculiarity === 'logs-like-the-service') {
  for (const more of [{}, { listeners: 5 }, { listeners: [null], cutRequests: [], ms: {} }]) {
    process.stdout.write(`${JSON.stringify({ event: 'shutdown', ...more })}\n`);
  }
}
if (peculiarity === 'leaves-a-daemon-behind') {
  spawn('/bin/sleep', ['1000'], { detached: true, stdio: 'inherit' });
}

if (peculiarity === 'ends-by-itself' && process.env.POD_NAME === 'old-1' && !existsSync(process.env.ONCE)) {
  setTimeout(() => {
    writeFileSync(process.env.ONCE, '');
    process.exit(7);
  }, 2000);
}

const server = createTcpServer((socket) => {
  let answeredAt = Infinity;
  socket.on('error', () => undefined);
  socket.on('data', () => {
    // As if its time-out had been over in this very moment.
    const isIdle = Date.now() - answeredAt > 150;
    answeredAt = Date.now();
    if (peculiarity === 'closes-what-is-idle' && isIdle) return socket.resetAndDestroy();
    const text = answer(leaving);
    if (/connection: close|HTTP\/1\.0/i.test(text)) socket.end(text);
    else socket.write(text);
    return undefined;
  });
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1000);
});
