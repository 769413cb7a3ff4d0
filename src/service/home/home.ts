import type { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';

/** `GET /`: who answers, and for how long it has been up. */
export function home(router: Router, { config }: Parts): void {
  const { name, version, pod } = config.service;
  router
    .route('/')
    .get((_req, res) => {
      res.json({ service: name, version, pod, uptimeSeconds: Math.round(process.uptime()) });
    })
    .all(methodNotAllowed);
}
