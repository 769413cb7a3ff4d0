import type { TrackedRequest } from './request.ts';

/** Stands between the listeners and the application: says when a request begins, or answers it. */
export interface Gate {
  /**
   * A request has come. It is to be answered, or `begin` to be called, once, now or later; where its client has gone
   * meanwhile, that does nothing.
   */
  enter(request: TrackedRequest, begin: () => void): void;
  /** A request has ended, however that was; also one that never entered. */
  leave(request: TrackedRequest): void;
}
