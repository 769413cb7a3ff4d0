import { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { internalRoom } from './room.ts';

/** `GET /public` for everybody, `GET /internal` on the second listener alone. */
export function internal(router: Router, { settingsOf }: Parts): void {
  router
    .route('/public')
    .get((_req, res) => {
      res.json({ listener: 'any' });
    })
    .all(methodNotAllowed);

  // #region inside
  const { port } = settingsOf(internalRoom);
  const inside = Router();
  // Elsewhere this router is not there, and what it has is not found. By the port, which no client can choose.
  inside.use((req, _res, next) => next(req.socket.localPort === port ? undefined : 'router'));
  inside
    .route('/internal')
    .get((_req, res) => {
      res.json({ listener: 'internal' });
    })
    .all(methodNotAllowed);
  router.use(inside);
  // #endregion inside
}
