import type { Router } from 'express';
import { methodNotAllowed, Problem } from '#lastcall';
import type { Parts } from '../variables.ts';
import { every } from './every.ts';

/** `GET /rates` answers with what was fetched last. */
export function periodic(router: Router, parts: Parts): void {
  const { url, intervalMs } = parts.variables.periodic;
  // #region use
  let rates: unknown;
  every(
    {
      name: 'rates',
      intervalMs,
      run: async (signal) => {
        const answer = await fetch(url, { signal });
        if (!answer.ok) throw new Error(`${url.host} says ${answer.status}`);
        rates = await answer.json();
      },
    },
    parts,
  );
  // Not ready before there are any.
  parts.health.add('rates', () => {
    if (rates === undefined) throw new Error('there are no rates yet');
  });
  // #endregion use

  router
    .route('/rates')
    .get((_req, res) => {
      if (rates === undefined) throw new Problem(503, 'there are no rates yet');
      res.json(rates);
    })
    .all(methodNotAllowed);
}
