/** Turns of the event loop without a new connection that mean that nobody waits. */
const QUIET_TURNS = 4;
/** Node's backlog: no more can have waited when the emptying began, and whoever came later is behind them. */
const BACKLOG = 511;

/**
 * Connections that the kernel has accepted wait in a queue until the event loop takes them, one in a turn, and closing
 * the listener resets them. Resolves when all that waited when this was called have been taken, which a number of turns
 * tells and no time does: on a busy machine a turn may take long.
 *
 * @param accepted how many connections have been taken so far
 * @param deadline nobody waits longer than this
 */
export async function emptyAcceptQueue(accepted: () => number, deadline: AbortSignal): Promise<void> {
  const before = accepted();
  let seen = before;
  for (let quiet = 0; quiet < QUIET_TURNS && seen - before < BACKLOG && !deadline.aborted; quiet++) {
    await new Promise((resolve) => void setImmediate(resolve));
    if (accepted() !== seen) quiet = -1;
    seen = accepted();
  }
}
