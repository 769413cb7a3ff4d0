// What others do at SIGTERM, to compare with: node peers.mjs express|server-close|terminus
import { createServer } from 'node:http';
import { createTerminus } from '@godaddy/terminus';
import express from 'express';

const app = express();
app.get('/', (_req, res) => res.json({ service: 'peer' }));
app.post('/echo', express.json(), (req, res) => res.json(req.body));
app.get('/slow', (req, res) => setTimeout(() => res.json({ status: 'ok' }), Number(req.query.ms)));
app.get('/events', (_req, res) => {
  res.set('Content-Type', 'text/event-stream');
  const timer = setInterval(() => res.write('data: {}\n\n'), 1000);
  res.once('close', () => clearInterval(timer));
  res.write('data: {}\n\n');
});

const server = createServer(app);
const behaviours = {
  express: () => undefined,
  'server-close': () => process.once('SIGTERM', () => server.close(() => process.exit(0))),
  terminus: () =>
    createTerminus(server, { signal: 'SIGTERM', healthChecks: { '/healthz': async () => undefined } }),
};
behaviours[process.argv[2]]();
server.listen(process.env.PORT, process.env.HOST);
