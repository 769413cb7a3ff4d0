// The fixture with a planted fault: docs/debugging.md.
import { fixture, load } from '../fixture/built.mjs';

// #region fault
const prices = new Map([['A-1', { amount: 42 }]]);

/** `GET /prices/:sku`, as long as somebody has heard of it. */
function price(app) {
  app.get('/prices/:sku', ({ params }, res) => {
    setTimeout(() => res.json({ amount: prices.get(params.sku).amount }), 50);
  });
}
// #endregion fault

const { trapEarly } = await load('lifecycle/signals');
const earlySignal = trapEarly();
const { run } = await load('run');
await run(process.env, { ...(await fixture([price])), earlySignal });
