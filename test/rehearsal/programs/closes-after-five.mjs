// truth: It closes each connection after five answers, always, and never says so.
// says: kept connections?.*it closes each after 5 answers, and does not say so
// advice: Say Connection: close in the last answer of a connection
import { createServer } from 'node:net';

let leaving = false;
const server = createServer((socket) => {
  let answers = 0;
  socket.on('error', () => undefined);
  socket.on('data', () => {
    const close = leaving ? 'Connection: close\r\n' : '';
    socket.write(`HTTP/1.1 200 OK\r\n${close}Content-Length: 2\r\n\r\nok`);
    if (++answers === 5 || leaving) socket.end();
  });
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
