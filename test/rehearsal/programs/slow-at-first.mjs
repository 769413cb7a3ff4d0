// truth: It accepts connections, which is all that readiness asks for, and answers nothing for its first two seconds.
// says: passed readiness and answered nothing in time for up to \d
// advice: give it a path \(--ready-path\)
import { createServer } from 'node:http';

const warm = performance.now() + 2000;
let leaving = false;
const server = createServer((_req, res) => {
  if (leaving) res.setHeader('Connection', 'close');
  setTimeout(() => res.end('ok'), Math.max(0, warm - performance.now()));
});
server.keepAliveTimeout = 65_000;
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
