import type { RequestHandler, Router } from 'express';
import { jsonBody, methodNotAllowed } from '#lastcall';
import { jsonOf } from '../body.ts';
import type { Parts } from '../variables.ts';

/** `GET /echo/*` tells what arrived here, `POST /echo` sends its JSON body back. */
export function echo(router: Router, { config }: Parts): void {
  // Named by the routes that take it: a body that the gateway passes on must not be read here.
  const body = jsonBody({ limit: config.bodyLimitBytes, strict: false });
  router.route('/echo').post(body, echoBody).all(methodNotAllowed);
  router.route('/echo/*path').get(echoUri).all(methodNotAllowed);
}

/** The path and query that arrived here, to see what a proxy in front makes of them. */
const echoUri: RequestHandler = (req, res) => {
  res.json({ status: 'ok', uri: req.originalUrl });
};

const echoBody: RequestHandler = (req, res) => {
  res.json(jsonOf(req));
};
