// truth: Node's own keep-alive time-out of 5 s is shorter than that of a load balancer, and a 502 comes of it now and then.
// says: closes connections that have been idle for 5\.0 s, as its Keep-Alive header says
// advice: longer than that of the load balancer
import { createServer } from 'node:http';

let leaving = false;
const server = createServer((_req, res) => {
  if (leaving) res.setHeader('Connection', 'close');
  res.end('ok');
});
server.listen(process.env.PORT, process.env.HOST);
process.on('SIGTERM', () => {
  leaving = true;
  setTimeout(() => process.exit(0), 1500);
});
