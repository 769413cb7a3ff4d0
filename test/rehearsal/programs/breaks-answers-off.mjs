// truth: From SIGTERM on it closes connections in the middle of their answers.
// says: answers were broken off half-way
// advice: Finish every answer that has begun
import { createServer } from 'node:http';

let leaving = false;
const server = createServer((_req, res) => {
  if (!leaving) return res.end('hello world');
  res.writeHead(200, { 'Content-Length': 11 }).write('hello');
  return setImmediate(() => res.destroy());
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1000);
});
