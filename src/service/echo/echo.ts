import type { RequestHandler } from 'express';
import { Problem } from '../../lastcall/http/problem.ts';

/** `GET /echo/*`: the path and query that arrived here, to see what a proxy in front makes of them. */
export const echoUri: RequestHandler = (req, res) => {
  res.json({ status: 'ok', uri: req.originalUrl });
};

/** `POST /echo`: the JSON body back. */
export const echoBody: RequestHandler = (req, res) => {
  const body = req.body as unknown;
  if (body === undefined) {
    const type = req.get('content-type');
    if (type !== undefined && req.is('json') === false) {
      throw new Problem(415, `the body is ${type}, expected application/json`);
    }
    throw new Problem(400, 'there is no body, expected JSON as application/json');
  }
  res.json(body);
};
