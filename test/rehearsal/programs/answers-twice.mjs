// truth: After SIGTERM it sends each answer twice, the second one as the answer to a request that nobody has sent.
// says: answers were damaged \(\d+ answered twice\)
// advice: one answer, its own
import { createServer } from 'node:net';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let leaving = false;
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () => socket.write(leaving ? ANSWER + ANSWER : ANSWER));
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1200);
});
