// For tests of what has to happen in time, on machines that may be late themselves. See README.md.

const LOOK_MS = 20;
/** This process was kept waiting for so long that others were, too. */
const MUCH_MS = 100;
const MOST_TRIES = 3;

/**
 * Runs it, and again if it failed while this process was late: it had not read, sent or measured when it should have. What
 * fails while everything is in time has failed.
 */
export async function inTime<T>(play: () => Promise<T> | T): Promise<T> {
  for (let nth = 1; ; nth++) {
    let lookedAt = performance.now();
    let lateMs = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      lateMs = Math.max(lateMs, now - lookedAt - LOOK_MS);
      lookedAt = now;
    }, LOOK_MS);
    try {
      return await play();
    } catch (error) {
      if (nth === MOST_TRIES || lateMs < MUCH_MS) throw error;
    } finally {
      clearInterval(timer);
    }
  }
}
