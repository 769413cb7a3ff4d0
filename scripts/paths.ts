// What tests, rehearsals and alerts may ask of this service: src/service/paths.json.
import { readFileSync } from 'node:fs';

/** A request that the service answers. */
export interface Asked {
  /** With its query; `%ms` stands for milliseconds. */
  path: string;
  status: number;
  /**
   * JSON that the answer has in it, with `%text` for any text, `%ms` for the milliseconds that were asked for, and
   * `%body` for the body that was sent. Without one, any body will do.
   */
  answer?: unknown;
}

/** What the service has; nobody asks for what is left out. */
export interface ServicePaths {
  /** Answered at once. A field `pod` of the answer says who has answered. */
  get: Asked;
  /** Answered after `%ms` milliseconds. */
  slow?: Asked;
  /** Takes JSON: `body`, or, if there is none, `{"text": …}` of any length. */
  post?: Asked & { body?: unknown };
  /** Server-sent events. */
  stream?: Asked;
  webSocket?: { path: string };
  /** Regular expression of the routes that are long by design: no alert minds how long they take. */
  slowRoutes: string;
}

/** @param file the service's, unless it is said; another may be that of a clone under test */
export function readPaths(
  file: string | URL = new URL('../src/service/paths.json', import.meta.url),
): ServicePaths {
  return JSON.parse(readFileSync(file, 'utf8')) as ServicePaths;
}
