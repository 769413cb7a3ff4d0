import type { Parts } from '../variables.ts';
import { consume } from './consumer.ts';
import { openQueue } from './open.ts';

/** Only does jobs: there is no router, so there is no application, and nobody listens for one. */
export function worker(parts: Parts): void {
  openQueue(parts);
  consume(parts);
}
