import type { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { authenticate, claimsOf, requireScope } from './authenticate.ts';

/** `GET /me` says who asks, `GET /admin` only to those who may. */
export function jwt(router: Router, parts: Parts): void {
  // #region routes
  const user = authenticate(parts);
  router
    .route('/me')
    .get(user, (req, res) => {
      res.json({ sub: claimsOf(req).sub });
    })
    .all(methodNotAllowed);
  router
    .route('/admin')
    .get(user, requireScope('admin'), (req, res) => {
      res.json({ admin: claimsOf(req).sub });
    })
    .all(methodNotAllowed);
  // #endregion routes
}
