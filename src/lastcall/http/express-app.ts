import { hash } from 'node:crypto';
import express, { type Express } from 'express';
import type { Config } from '../config/schema.ts';

/**
 * An Express app that does not say so, believes the proxies that the configuration names, and has Express's ETags.
 *
 * @param config `development`: errors that nobody handles are answered with their stack, which Express would do wherever
 *   NODE_ENV is not set
 */
export function expressApp({
  trustProxy,
  development = false,
}: Pick<Config, 'trustProxy'> & Partial<Pick<Config, 'development'>>): Express {
  const app = express();
  app.set('env', development ? 'development' : 'production');
  app.disable('x-powered-by');
  app.set('trust proxy', trustProxy);
  app.set('etag', weakEtag);
  return app;
}

/** The tag that the package `etag` would make, at less than half of its price: by a hash that takes one call. */
function weakEtag(body: Buffer | string): string {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  return `W/"${bytes.toString(16)}-${hash('sha1', body, 'base64').slice(0, 27)}"`;
}
