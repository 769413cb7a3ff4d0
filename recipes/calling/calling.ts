import type { Router } from 'express';
import { methodNotAllowed } from '#lastcall';
import type { Parts } from '../variables.ts';
import { Client } from './client.ts';

/** `GET /products/:sku`, whose price another service knows. */
export function calling(router: Router, parts: Parts): void {
  const client = new Client(parts);
  router
    .route('/products/:sku')
    .get(async (req, res) => {
      const { sku } = req.params;
      const price = await client.get(`/prices/${encodeURIComponent(sku)}`, req, res);
      res.json({ sku, price });
    })
    .all(methodNotAllowed);
}
