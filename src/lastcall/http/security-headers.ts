import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { http } from '../listener/node-http.ts';

/** What helmet would do for pages in a browser, and is nothing for an API. */
const FOR_PAGES = {
  crossOriginOpenerPolicy: false,
  crossOriginResourcePolicy: false,
  originAgentCluster: false,
  referrerPolicy: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xPoweredBy: false,
  xXssProtection: false,
};

/**
 * The headers that an API should have on every answer (OWASP, REST Security Cheat Sheet, "Security Headers"). A handler
 * that sets one of them decides: a page needs another Content-Security-Policy, an answer that may be kept another
 * Cache-Control.
 */
export function securityHeaders(): RequestHandler {
  const headers = [['Cache-Control', 'no-store'], ...helmetHeaders()] as const;
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/** As helmet sets them: none of these depends on the request, so that once is enough. */
function helmetHeaders(): [name: string, value: string][] {
  const res = new http.ServerResponse(new http.IncomingMessage(new Socket()));
  const set = helmet({
    ...FOR_PAGES,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    xFrameOptions: { action: 'deny' },
  });
  set(res.req, res, () => undefined);
  return Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]);
}
