import { json, type RequestHandler } from 'express';
import { Problem } from './problem.ts';

type Container = unknown[] | Record<string, unknown>;

/** Far more than people write, and far less than what fails at recursion: `JSON.stringify` does at a few thousand. */
const MAX_DEPTH = 200;

/**
 * Reads a JSON body into `req.body`, as `json()` of Express does. That one reads all of what it refuses, too, for as long
 * as the client takes to send it: here, a body that is too large is refused as soon as that is known, and its connection
 * ends. One that is nested more than 200 levels deep is a 400, so that nothing behind it fails at it with a 500.
 *
 * @param limit in bytes, of what is sent and of what it unpacks to; beyond it, 413
 * @param strict whether only an object or an array is a body; true unless it is said
 */
export function jsonBody({ limit, strict = true }: { limit: number; strict?: boolean }): RequestHandler {
  const parse = json({ limit, strict });
  const tooLarge = () => new Problem(413, `the body is larger than ${limit} bytes`);
  return (req, res, next) => {
    const length = req.headers['content-length'];
    let done = false;
    const refuse = () => {
      done = true;
      res.setHeader('Connection', 'close'); // nobody wants what is still to come
      next(tooLarge());
    };
    if (Number(length) > limit) {
      refuse();
      return;
    }
    parse(req, res, (error?: unknown) => {
      if (done) return;
      done = true;
      if (isTooLarge(error)) return next(tooLarge());
      const tooDeep = error === undefined && isContainer(req.body) && isDeeper(req.body, MAX_DEPTH);
      next(tooDeep ? new Problem(400, `the body is nested more than ${MAX_DEPTH} levels deep`) : error);
    });
    if (done || length !== undefined) return; // what is not read here is not counted
    let received = 0;
    const count = (chunk: Buffer) => {
      received += chunk.length;
      if (received <= limit) return;
      req.off('data', count);
      if (!done) refuse();
    };
    req.on('data', count);
  };
}

/** What has unpacked to more than the limit. */
function isTooLarge(error: unknown): boolean {
  return (error as { type?: unknown } | undefined)?.type === 'entity.too.large';
}

/** Recursion that can't fail, because it ends at that depth; in a form that takes a twentieth of what parsing took. */
function isDeeper(value: Container, depth: number): boolean {
  if (depth === 0) return true;
  if (Array.isArray(value)) {
    for (const member of value) if (isContainer(member) && isDeeper(member, depth - 1)) return true;
    return false;
  }
  for (const key in value) {
    const member = value[key];
    if (isContainer(member) && isDeeper(member, depth - 1)) return true;
  }
  return false;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}
