// What every peer on Express answers, as this service does, and how it listens.
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from 'express';
import { addRoutes } from '../more-routes.mjs';

/** As this service has it: with Node's 5 s, connections would be closed while others are still opened. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const BLOCK = Buffer.alloc(65_536, 'x');

/** @param app with its middleware */
export function answers(app) {
  app.get('/', (_req, res) => {
    res.json({
      service: 'peer',
      version: '0.1.0',
      pod: hostname(),
      uptimeSeconds: Math.round(process.uptime()),
    });
  });
  app.post('/echo', json(), (req, res) => {
    res.json(req.body);
  });
  app.get('/slow', async (req, res) => {
    await sleep(Number(req.query.ms));
    res.json({ status: 'ok', ms: Number(req.query.ms) });
  });
  return addRoutes(app);
}

/** Both ways, as the target of the gateways does it. */
export function streams(app) {
  app.get('/target/:bytes', (req, res) => send(Number(req.params.bytes), res));
  app.post('/target', (req, res) => receive(req, res));
  return app;
}

export function listen(app) {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, app);
  return server.listen(Number(process.env.PORT), '127.0.0.1');
}

/** Answers with so many bytes, as fast as they are taken. */
export function send(bytes, res) {
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes });
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
      left -= block.length;
      if (!res.write(block)) {
        res.once('drain', more);
        return;
      }
    }
    res.end();
  };
  more();
}

/** Answers with the number of bytes that came. */
export function receive(req, res) {
  let bytes = 0;
  req.on('data', (chunk) => (bytes += chunk.length));
  req.on('end', () => res.end(String(bytes)));
}
