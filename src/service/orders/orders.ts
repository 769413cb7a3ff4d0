import type { Router } from 'express';
import { jsonBody, methodNotAllowed, Problem } from '#lastcall';
import { validBody } from '../body.ts';
import type { Parts } from '../variables.ts';
import { orderRequest, SHIPPINGS } from './order.ts';
import { OrderStore } from './store.ts';

/** `POST /orders` places an order, `GET /orders/:id` shows it. The worked example of docs/building.md. */
export function orders(router: Router, { config, variables, hooks, health, metrics }: Parts): void {
  // #region resource
  const { file, maxQuantity } = variables.orders;
  const store = new OrderStore(file);
  if (file !== undefined) {
    hooks.add({ name: 'orders', start: async () => store.open(), stop: async () => store.close() });
    health.add('orders', async () => store.check());
  }
  // #endregion resource

  // #region metrics
  const placed = metrics.counter('orders_total', 'Orders placed.', ['shipping']);
  for (const shipping of SHIPPINGS) placed.inc({ shipping }, 0); // increase() does not see a series begin with 1
  const quantities = metrics.histogram('orders_quantity', 'Pieces in an order.', [], [1, 2, 5, 10, 50, 100]);
  // #endregion metrics

  // #region routes
  const body = jsonBody({ limit: config.bodyLimitBytes });
  const schema = orderRequest(maxQuantity);
  router
    .route('/orders')
    .post(body, async (req, res) => {
      const order = await store.place(validBody(schema, req));
      placed.inc({ shipping: order.shipping });
      quantities.observe(order.quantity);
      res.status(201).location(`/orders/${order.id}`).json(order);
    })
    .all(methodNotAllowed);
  router
    .route('/orders/:id')
    .get((req, res) => {
      const order = store.find(req.params.id);
      if (order === undefined) throw new Problem(404, `no order has the id ${req.params.id}`);
      res.json(order);
    })
    .all(methodNotAllowed);
  // #endregion routes
}
