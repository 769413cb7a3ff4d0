import { patientTimeout } from '../lifecycle/loop-clock.ts';
import type { RequestBody } from './request-body.ts';

/**
 * `GATEWAY_TIMEOUT`: most time for a target to connect, and to begin its answer once it has the request. A long upload
 * is no delay of the target's as long as it takes what there is; a client that stalls is not its fault either, and has
 * `REQUEST_TIMEOUT`.
 *
 * Time in which this process stood still does not count, and what lies readable is read before it strikes.
 *
 * @param strike is called once at most
 * @returns cancels it
 */
export function targetDeadline(ms: number, body: RequestBody | undefined, strike: () => void): () => void {
  let taken = 0;
  const judge = () => {
    if (body !== undefined && isUploading(body, taken)) arm();
    else strike();
  };
  let cancel = () => undefined as void;
  const arm = () => {
    taken = body?.taken ?? 0;
    cancel = patientTimeout(judge, ms);
  };
  arm();
  // The target has the request: its time begins.
  const restart = () => {
    cancel();
    arm();
  };
  body?.once('end', restart);
  return () => {
    body?.off('end', restart);
    cancel();
  };
}

/** Whether the target has taken something since, or has taken all there is. */
function isUploading(body: RequestBody, takenBefore: number): boolean {
  if (!body.asked || body.readableEnded || body.destroyed) return false;
  return body.taken > takenBefore || body.readableLength === 0;
}
