// For tests of what has to happen in time, on machines that may be late themselves. See README.md.
import { own } from './own.ts';

const LOOK_MS = 20;
/** This process was kept waiting for so long that others were, too. */
const MUCH_MS = 50;

/**
 * Runs it, and again if it failed while this process was late: it had not read, sent or measured when it should have. What
 * fails while everything is in time has failed. The time of the test is the limit.
 */
export async function inTime<T>(play: () => Promise<T> | T): Promise<T> {
  let last = '';
  own(
    () => undefined,
    () => last,
  );
  for (;;) {
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
      if (lateMs < MUCH_MS) throw error;
      last = `it failed while this machine was late: ${String(error)}\n`;
    } finally {
      clearInterval(timer);
    }
  }
}
