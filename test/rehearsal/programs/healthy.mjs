// truth: It serves on after SIGTERM, says Connection: close, and ends when nobody comes any more.
// says: nothing
// advice: ^nothing$
import { createServer } from 'node:http';

let leaving = false;
const server = createServer((_req, res) => {
  if (leaving) res.setHeader('Connection', 'close');
  res.end('hello from a healthy program');
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
