// truth: It does one thing at a time, which takes twice as long as the next one needs to come: latency grows from the beginning.
// says: Latency grew from .* before anything had changed
// among: findings
// advice: does not stand this load
// load: {"steadyMs": 2500, "timeoutMs": 20000}
import { createServer } from 'node:http';

let leaving = false;
let free = 0;
let lastCame = Infinity;
const server = createServer((_req, res) => {
  const now = performance.now();
  free = Math.max(free, now) + 2 * Math.max(0, now - lastCame);
  lastCame = now;
  if (leaving) res.setHeader('Connection', 'close');
  setTimeout(() => res.end('ok'), free - now);
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 4000);
});
