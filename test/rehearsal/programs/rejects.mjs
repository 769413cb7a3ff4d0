// truth: From SIGTERM on it answers 503 to whoever still comes.
// says: requests? got the wrong answer \(\d+ status 503\) from old-
// advice: must serve, not reject
import { createServer } from 'node:http';

let leaving = false;
const server = createServer((_req, res) => {
  if (leaving) res.writeHead(503, { Connection: 'close' }).end('leaving');
  else res.end('ok');
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
