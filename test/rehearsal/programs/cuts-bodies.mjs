// truth: After SIGTERM its source has closed: answers are half as long, with the length and the status of a whole one.
// says: answers were damaged \(\d+ cut short\)
// advice: must not end before it
import { createServer } from 'node:http';

const WHOLE = '{"rows":["one","two","three"]}';
let leaving = false;
const server = createServer((_req, res) => {
  const body = leaving ? WHOLE.slice(0, 12) : WHOLE;
  res
    .writeHead(200, { 'Content-Length': body.length, Connection: leaving ? 'close' : 'keep-alive' })
    .end(body);
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1200);
});
