/** How often the clock looks at itself: a stall is measured to within this. */
const BEAT_MS = 20;
/** Beats are late by this much on any busy machine; more is time that the process did not have. */
const TOLERANCE_MS = 10;
/** After a stall that reached past a deadline, what can be read is answered if it can be within this. */
const LAST_LOOK_MS = 250;

/** Of the machine, also where a test has put in clocks of its own: those never stall. */
const realNow = performance.now.bind(performance);
const realInterval = setInterval;

/**
 * A clock that stands still while the event loop does: when the process gets no CPU (throttling, SIGSTOP, a frozen
 * virtual machine) or when a callback keeps it busy. Timers run before sockets are read, so that after such a stall
 * all of them are due at once, and what the clients have said meanwhile is not known yet: silence is counted on this
 * clock, and nothing is closed on account of it before {@link LoopClock.look}.
 */
class LoopClock {
  #beatAt: number | undefined;
  #stalledMs = 0;
  #worstMs = 0;

  /** Milliseconds that it has stood still so far. */
  get stalledMs(): number {
    this.#beat();
    return this.#stalledMs;
  }

  /** Milliseconds, of the same zero as `performance.now()`, less the time of all stalls. */
  now(): number {
    return performance.now() - this.stalledMs;
  }

  /** How late the loop was at most since the last call, in milliseconds; 0 when it was not. */
  takeWorst(): number {
    this.#beat();
    const worst = this.#worstMs;
    this.#worstMs = 0;
    return Math.round(worst);
  }

  /** Resolves when all that could be read when it was called has been read: after a whole poll phase of the loop. */
  async look(): Promise<void> {
    // Whoever is called while the loop polls sees only the rest of that phase before the first.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setImmediate(resolve));
  }

  /** Whoever asks first after a stall finds it: a timer of somebody else's may run before that of the clock. */
  #beat(): void {
    const now = realNow();
    if (this.#beatAt === undefined) {
      realInterval(() => this.#beat(), BEAT_MS).unref();
      this.#beatAt = now;
      return;
    }
    const lateMs = now - this.#beatAt - BEAT_MS;
    if (lateMs > TOLERANCE_MS) {
      this.#stalledMs += lateMs;
      this.#worstMs = Math.max(this.#worstMs, lateMs);
    }
    // Between two beats, whoever asks finds the last one less than a beat ago.
    if (lateMs >= -TOLERANCE_MS) this.#beatAt = now;
  }
}

/** The clock of this process: it has one event loop. */
export const loopClock = new LoopClock();

/**
 * Like setTimeout, but the time of stalls does not count, and what lies readable is read before `callback` is called:
 * for everything that ends because somebody was silent.
 *
 * @param atMostMs of real time, whatever the loop did
 * @returns cancels it
 */
export function patientTimeout(callback: () => void, ms: number, atMostMs = Infinity): () => void {
  const dueAt = loopClock.now() + ms;
  const giveUpAt = performance.now() + atMostMs;
  let timer: NodeJS.Timeout | undefined;
  let cancelled = false;
  const left = () => Math.min(dueAt - loopClock.now(), giveUpAt - performance.now());
  const arm = () => {
    timer = setTimeout(() => void judge(), Math.max(0, Math.ceil(left())));
  };
  const judge = async () => {
    await loopClock.look();
    if (cancelled) return;
    if (left() > 0) arm();
    else callback();
  };
  arm();
  return () => {
    cancelled = true;
    clearTimeout(timer);
  };
}

/**
 * Like setTimeout, for deadlines that hold whatever the loop does: late by a stall itself and no more. What can be read
 * then is read first, and after a stall that reached past the deadline it gets 250 ms to be answered.
 *
 * @returns cancels it
 */
export function hardTimeout(callback: () => void, ms: number): () => void {
  const dueAt = performance.now() + ms;
  let cancelled = false;
  const strike = () => {
    if (!cancelled) callback();
  };
  let timer = setTimeout(() => {
    if (performance.now() - dueAt > BEAT_MS + TOLERANCE_MS) timer = setTimeout(strike, LAST_LOOK_MS);
    else void loopClock.look().then(strike);
  }, ms);
  return () => {
    cancelled = true;
    clearTimeout(timer);
  };
}
