// Who ends what a test has started. See README.md.
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, afterEach, beforeEach } from '@jest/globals';

/** What was opened by one test, or by a file for all of its tests. */
export class Owner {
  readonly #owned: { end: () => unknown; tell: () => string }[] = [];
  #ended = false;

  add(end: () => unknown, tell: () => string): void {
    this.#owned.push({ end, tell });
    if (this.#ended) void this.end(); // a test that is late goes on after its end
  }

  /** Ends everything, the newest first, and throws the first error when all of it has ended. */
  async end(): Promise<void> {
    this.#ended = true;
    const errors: unknown[] = [];
    for (let next = this.#owned.pop(); next !== undefined; next = this.#owned.pop()) {
      try {
        await next.end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** What is known of it, for a test that has failed. */
  tell(): string {
    return this.#owned.map(({ tell }) => tell()).join('');
  }
}

/** Of tests that overlap: each has its own. */
const overlapping = new AsyncLocalStorage<Owner>();
/** Of the one test that runs, if it is one of those that run one after the other. */
let running: Owner | undefined;
const file = new Owner();

beforeEach(() => {
  running = new Owner();
});
afterEach(async () => {
  const ended = running;
  running = undefined;
  await ended?.end();
});
afterAll(async () => file.end());

/**
 * Has this called at the end of the test that runs, however it ends; outside of a test (in `beforeAll`), at the end of
 * the file.
 *
 * @param tell what to say of it when the test takes too long
 */
export function own(end: () => unknown, tell: () => string = () => ''): void {
  (overlapping.getStore() ?? running ?? file).add(end, tell);
}

/** Runs the body of a test that owns what it starts, for as long as it may take. */
export async function owning(body: () => unknown, limitMs: number): Promise<void> {
  const owner = new Owner();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () =>
      reject(new Error(`the test was not done after ${limitMs / 1000} s\n${owner.tell()}`));
    timer = setTimeout(giveUp, limitMs);
  });
  try {
    await Promise.race([overlapping.run(owner, async () => body()), late]);
  } finally {
    clearTimeout(timer);
    await owner.end();
  }
}
