// What every peer on Express answers, as this service does.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from 'express';

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
  app.get('/fail', () => {
    throw new Error('it fails');
  });
  for (let i = 0; i < Number(process.env.ROUTES ?? 0); i++) {
    app.get(`/routes/${i}`, (_req, res) => {
      res.json({ route: i });
    });
  }
  return app;
}
