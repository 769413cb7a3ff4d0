import type { Request, RequestHandler } from 'express';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { Problem } from '#lastcall';
import type { Parts } from '../variables.ts';

/** Signatures by public keys. Without a list a token could choose an algorithm for itself. */
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'];
/** Clocks differ. */
const TOLERANCE_S = 5;

const known = new WeakMap<Request, JWTPayload>();

/** The claims of a request that {@link authenticate} has let pass. */
export function claimsOf(req: Request): JWTPayload {
  const claims = known.get(req);
  if (claims === undefined) throw new Error('this route has no authenticate in front of it');
  return claims;
}

// #region authenticate
/**
 * Lets requests pass whose bearer token is good: 401 for others, with `WWW-Authenticate` as RFC 6750 wants it, and 503 while
 * the keys of the issuer can't be read.
 */
export function authenticate({ variables }: Parts): RequestHandler {
  const { jwksUrl, issuer, audience } = variables.jwt;
  // Read when the first token comes, kept, and read again for a key that is new: at most every 30 s, whoever asks.
  const keys = createRemoteJWKSet(jwksUrl, { timeoutDuration: 2000, cooldownDuration: 30_000 });
  const options = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: TOLERANCE_S,
    requiredClaims: ['exp', 'sub'],
  };
  return async (req, res, next) => {
    const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(req.get('authorization') ?? '') ?? [];
    if (token === undefined) {
      res.set('WWW-Authenticate', 'Bearer');
      throw new Problem(401, 'a bearer token is needed');
    }
    try {
      const { payload } = await jwtVerify(token, keys, options);
      known.set(req, payload);
    } catch (error) {
      if (!isOfToken(error)) {
        req.log.error({ err: error }, 'the keys of the issuer can not be read');
        throw new Problem(503, 'tokens can not be checked now');
      }
      req.log.info({ reason: error.code }, 'a token was refused');
      res.set('WWW-Authenticate', 'Bearer error="invalid_token"');
      throw new Problem(401, 'the token is not good, or not any more');
    }
    next();
  };
}
// #endregion authenticate

/** Whether a token is at fault, and not the way to its keys. */
function isOfToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}

// #region scope
/** Lets requests pass whose token has this scope: 403 for others. Behind {@link authenticate}. */
export function requireScope(scope: string): RequestHandler {
  return (req, res, next) => {
    const { scope: scopes } = claimsOf(req);
    if (typeof scopes !== 'string' || !scopes.split(' ').includes(scope)) {
      res.set('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${scope}"`);
      throw new Problem(403, `the scope ${scope} is needed`);
    }
    next();
  };
}
// #endregion scope
