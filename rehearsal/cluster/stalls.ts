import type { Clock } from './clock.ts';
import type { Span } from './life.ts';

/** From SIGTERM until any program that handles it has: it is to be in the middle of leaving. */
const HANDLED_MS = 100;
/** Between two stalls the process runs for so long, at least. */
const BREATH_MS = 250;

/** What stalls a process, and when. */
export interface StallParts {
  /** How long each of them lasts; 0: there are none. */
  stallMs: number;
  /** After it has entered `lame-duck`, the process goes on listening for at least so long. */
  windowMs: number;
  clock: Clock;
  /** Stops the process, or lets it go on. */
  freeze: (frozen: boolean) => void;
}

/**
 * Takes the CPU away from a process while it leaves, as CFS throttling, a node that swaps or a virtual machine that is
 * moved do: when it has been told to go, when its window is about to be over, and when its drain begins. Those are the
 * moments to lose something, because after a stall timers are due before anything that clients have sent is read.
 */
export class Stalls {
  readonly #parts: StallParts;
  readonly #timers = new Set<NodeJS.Timeout>();
  #running = false;
  /** Those that were, in the order of time; the end of the newest lies ahead while it lasts. */
  readonly spans: Span[] = [];

  constructor(parts: StallParts) {
    this.#parts = parts;
  }

  /** There is a process: only then can it be stalled. */
  start(): void {
    this.#running = true;
  }

  /** SIGTERM was sent, and the program does not tell how far it is. */
  told(): void {
    this.#stallIn(HANDLED_MS);
  }

  /** The last balancer has let go of a program that does not tell how far it is: from now on it may close. */
  forgotten(): void {
    if (this.spans.length > 0) this.#stallIn(0);
  }

  /** The process has entered a state. */
  entered(state: string): void {
    const { stallMs, windowMs } = this.#parts;
    if (state === 'draining') this.#stallIn(0);
    if (state !== 'lame-duck') return;
    this.#stallIn(0);
    const beforeItsEndMs = windowMs - stallMs / 2;
    // Of a shorter window, the first one hides the end already.
    if (beforeItsEndMs > stallMs + BREATH_MS) this.#stallIn(beforeItsEndMs);
  }

  /** The process has ended, or is about to. */
  stop(): void {
    this.#running = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const last = this.spans.at(-1);
    if (last !== undefined) last.toMs = Math.min(last.toMs, this.#parts.clock.now());
  }

  #stallIn(ms: number): void {
    if (this.#parts.stallMs === 0 || !this.#running) return;
    this.#after(ms, () => {
      const { clock, stallMs, freeze } = this.#parts;
      const now = clock.now();
      const restedAtMs = (this.spans.at(-1)?.toMs ?? -Infinity) + BREATH_MS;
      if (now < restedAtMs) {
        this.#stallIn(restedAtMs - now);
        return;
      }
      const span = { fromMs: now, toMs: now + stallMs };
      this.spans.push(span);
      freeze(true);
      this.#after(stallMs, () => {
        span.toMs = clock.now();
        freeze(false);
      });
    });
  }

  #after(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }
}
