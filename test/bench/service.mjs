// The engine with the fixture of its tests, and with routes that only the bench asks for: what it costs to fail, and how
// the cost grows with the number of routes ($ROUTES).
import { Router } from 'express';
import { fixture, load } from '../fixture/built.mjs';

function extra() {
  const router = Router();
  router.get('/fail', () => {
    throw new Error('it fails');
  });
  for (let i = 0; i < Number(process.env.ROUTES ?? 0); i++) {
    router.get(`/routes/${i}`, (_req, res) => {
      res.json({ route: i });
    });
  }
  return router;
}

const { trapEarly } = await load('lifecycle/signals');
const earlySignal = trapEarly();
const { run } = await load('run');
await run(process.env, { ...(await fixture([extra])), earlySignal });
