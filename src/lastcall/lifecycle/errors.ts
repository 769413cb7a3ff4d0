/**
 * Every failure that the lifecycle itself reports. Match on `code`: messages are for people and may change.
 *
 * - `LISTENER_STARTED`: `start()` on a listener that was started before
 * - `LISTENER_NOT_STARTED`: `stop()` on a listener that was never started or has been stopped
 * - `LISTENER_CLOSED`: the listening socket has closed, and nobody asked for it
 * - `LISTENER_BIND`: the address can't be bound (taken, not permitted, not ours); `cause` is Node's error
 * - `HOOK_NAME`: a hook's name is taken
 * - `HOOK_TIMEOUT`: a hook's timeout is no positive number, or the hooks' timeouts exceed the cleanup budget
 * - `HOOK_LATE`: a hook is added after start-up, or the wind-down has begun
 * - `CHECK_NAME`: a health check's name is taken
 */
export type LifecycleErrorCode =
  | 'LISTENER_STARTED'
  | 'LISTENER_NOT_STARTED'
  | 'LISTENER_CLOSED'
  | 'LISTENER_BIND'
  | 'HOOK_NAME'
  | 'HOOK_TIMEOUT'
  | 'HOOK_LATE'
  | 'CHECK_NAME';

export class LifecycleError extends Error {
  override readonly name = 'LifecycleError';
  readonly code: LifecycleErrorCode;

  constructor(code: LifecycleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of whatever was thrown: undefined, a circular object, an object that refuses to be text. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'a value that has no text';
  }
}

/** Whatever was thrown, as an error: itself if it is one. */
export function errorOf(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    // A proxy that was revoked: nothing can be asked of it.
  }
  return new Error(messageOf(thrown));
}
