import { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';

/** `GET /`: who answers, and for how long it has been up. */
export function home({ config }: Parts): Router {
  const { name, version, pod } = config.service;
  const router = Router();
  router
    .route('/')
    .get((_req, res) => {
      res.json({ service: name, version, pod, uptimeSeconds: Math.round(process.uptime()) });
    })
    .all(methodNotAllowed);
  return router;
}
