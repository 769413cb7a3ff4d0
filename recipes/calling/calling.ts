import { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { Client } from './client.ts';

/** `GET /products/:sku`, whose price another service knows. */
export function calling(parts: Parts): Router {
  const client = new Client(parts);
  const router = Router();
  router
    .route('/products/:sku')
    .get(async (req, res) => {
      const { sku } = req.params;
      const price = await client.get(`/prices/${encodeURIComponent(sku)}`, req, res);
      res.json({ sku, price });
    })
    .all(methodNotAllowed);
  return router;
}
