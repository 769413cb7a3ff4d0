import type { IncomingMessage, RequestListener } from 'node:http';
import type { Response } from 'express';
import type { Messages } from '../listener/listener.ts';
import { http } from '../listener/node-http.ts';
import { end, json } from './answers.ts';

/** What Express gives the requests and responses of an app as their prototypes. */
interface Prototypes {
  request: object;
  response: Response;
}

const known = new WeakMap<Prototypes, Messages>();

/**
 * The classes of the requests and responses of an Express app: a server that has them makes each as what Express would
 * turn it into. Express changes the prototype of each request and response otherwise, which costs 3 µs at once, and
 * again for every property that is slower to find from then on.
 *
 * The same for each listener of an app; nothing for a handler that is none.
 */
export function messageClasses(handler: RequestListener): Messages {
  if (!hasPrototypes(handler)) return {};
  const made = known.get(handler);
  if (made !== undefined) return made;
  class AppRequest extends http.IncomingMessage {}
  class AppResponse<R extends IncomingMessage> extends http.ServerResponse<R> {}
  Object.setPrototypeOf(AppRequest.prototype, handler.request);
  Object.setPrototypeOf(AppResponse.prototype, handler.response);
  Object.assign(AppResponse.prototype, { end, json: json(handler.response.json) });
  // What Express compares with: from here on there is nothing to change.
  Object.assign(handler, { request: AppRequest.prototype, response: AppResponse.prototype });
  const classes = { IncomingMessage: AppRequest, ServerResponse: AppResponse };
  known.set(handler, classes);
  return classes;
}

function hasPrototypes(handler: RequestListener): handler is RequestListener & Prototypes {
  return 'request' in handler && 'response' in handler;
}
