// truth: One request in fifty hangs, always; its shutdown has no fault.
// says: requests were lost.*one of every \d+, whether or not anybody leaves
// advice: It hangs now and then
// load: {"timeoutMs": 700, "steadyMs": 2000}
import { createServer } from 'node:http';

let requests = 0;
let leaving = false;
const server = createServer((_req, res) => {
  if (++requests % 50 === 0) return;
  if (leaving) res.setHeader('Connection', 'close');
  res.end('ok');
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
