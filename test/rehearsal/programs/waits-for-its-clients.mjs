// truth: It closes its listener at SIGTERM and waits for kept connections to end, which it does not ask to go: until SIGKILL.
// says: SIGKILL ended old-.*It had reacted to SIGTERM, it refused new connections from .* still served kept connections
// advice: It waits for clients that it does not ask to go
// among: findings
// pod: {"graceMs": 1500}
// network: {"endpointLagMs": 600}
import { createServer } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
