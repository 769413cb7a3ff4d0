import { number, object, string } from '@badrap/valita';
import type { Router } from 'express';
import { jsonBody, methodNotAllowed, Problem } from '#lastcall';
import { validBody } from '../body.ts';
import type { Parts } from '../variables.ts';
import { Database } from './database.ts';

const transfer = object({
  source: string(),
  target: string(),
  amount: number().assert(
    (amount) => Number.isSafeInteger(amount) && amount > 0,
    'expected a whole number, 1 or more',
  ),
});

/** `POST /transfers` moves an amount from one account to another, or nothing at all; `GET /accounts/:id` has the balance. */
export function postgres(router: Router, parts: Parts): void {
  const database = new Database(parts);
  // #region route
  router
    .route('/transfers')
    .post(jsonBody({ limit: parts.config.bodyLimitBytes }), async (req, res) => {
      const { source, target, amount } = validBody(transfer, req);
      const id = await database.transaction(async (query) => {
        // Always in the same order, or two transfers in opposite directions would wait for each other.
        const lock = 'select id from accounts where id = any($1) order by id for update';
        await query(lock, [[source, target]]);
        const take = 'update accounts set balance = balance - $2 where id = $1 and balance >= $2';
        const give = 'update accounts set balance = balance + $2 where id = $1';
        const taken = await query(take, [source, amount]);
        if (taken.rowCount === 0) throw new Problem(409, `${source} has not as much as ${amount}`);
        const given = await query(give, [target, amount]);
        if (given.rowCount === 0) throw new Problem(404, `there is no account ${target}`);
        const { rows } = await query<{ id: string }>(
          'insert into transfers (source, target, amount) values ($1, $2, $3) returning id',
          [source, target, amount],
        );
        return rows[0]?.id;
      });
      res.status(201).json({ id });
    })
    .all(methodNotAllowed);
  // #endregion route
  router
    .route('/accounts/:id')
    .get(async (req, res) => {
      const { id } = req.params;
      const [account] = await database.query<{ balance: string }>(
        'select balance from accounts where id = $1',
        [id],
      );
      if (account === undefined) throw new Problem(404, `there is no account ${id}`);
      res.json({ id, balance: Number(account.balance) });
    })
    .all(methodNotAllowed);
}
