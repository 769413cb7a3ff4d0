import type { TrackedRequest } from '../listener/request.ts';
import { FairQueue } from './fair-queue.ts';
import { WorkLimit } from './work-limit.ts';

interface Waiting {
  request: TrackedRequest;
  begin: () => void;
  /** `performance.now()` when it came here, which may be long after its headers: behind others on its connection. */
  since: number;
}

/** New requests begin for this long in a turn of the loop; then it looks at its sockets again. */
const SLICE_MS = 2;
/** So long a wait is taken for a burst, which is over by itself. CoDel's interval. */
const BURST_MS = 100;
/** While the limit is reached and nothing else happens. */
const LOOK_MS = 5;

/**
 * Where requests wait for the event loop. Without it they wait in the kernel, where nobody sees how long: a turn of the
 * loop serves whatever it finds, for as long as that takes, and takes one new connection meanwhile. Here, each turn reads
 * all that has come, goes on with what is in flight, and then begins new requests for 2 ms, client by client. A loop that is
 * behind looks again until nothing comes any more, because each look takes one new connection out of the kernel's queue.
 *
 * Who has waited for longer than the limit is refused, as CoDel does it: if the loop was in time within the last 100 ms,
 * the wait is that of a burst, and 100 ms are fine.
 */
export class WaitingRoom {
  readonly #limitMs: number;
  readonly #waiting = new FairQueue<Waiting>();
  readonly #refuse: (request: TrackedRequest) => void;
  readonly #work: WorkLimit;
  /** That of the next turn, while anybody is here. */
  #next: NodeJS.Immediate | undefined;
  /** Has the loop turn even if nothing happens. */
  readonly #clock = setTimeout(() => undefined, LOOK_MS);
  /** Requests that have come since the last look. */
  #news = 0;
  /** Since when it looks again and again; undefined where it need not. */
  #lookingSince: number | undefined;
  /** When the turn before was over, and how long the loop had idled by then. */
  #turnedAt = 0;
  #idledMs = 0;
  /** When nobody waited any more, and nobody had waited for too long. */
  #inTimeAt = 0;

  constructor(limitMs: number, refuse: (request: TrackedRequest) => void) {
    this.#limitMs = limitMs;
    this.#refuse = refuse;
    this.#work = new WorkLimit(limitMs, performance.now());
  }

  enter(client: string, request: TrackedRequest, begin: () => void): void {
    this.#waiting.push(client, { request, begin, since: performance.now() });
    this.#news++;
    if (this.#next === undefined) this.#open();
    else this.#next.ref();
  }

  /** It has ended, whether it had begun or not. */
  leave(request: TrackedRequest): void {
    if (request.begun) this.#work.leave();
  }

  #open(): void {
    this.#inTimeAt = this.#turnedAt = performance.now();
    this.#idledMs = performance.nodeTiming.idleTime;
    this.#next = setImmediate(this.#turn);
  }

  /** Runs behind everything that a turn of the loop has brought. */
  readonly #turn = (): void => {
    const startedAt = performance.now();
    const idledMs = performance.nodeTiming.idleTime;
    const workedMs = startedAt - this.#turnedAt - (idledMs - this.#idledMs);
    this.#work.turned({ now: startedAt, workedMs, idledMs });
    const isNews = this.#news > 0;
    this.#news = 0;
    if (isNews && this.#lookingSince !== undefined && startedAt - this.#lookingSince < SLICE_MS) {
      this.#goOn(startedAt, false);
      return;
    }

    let now = startedAt;
    let late = workedMs > this.#limitMs;
    let full = false;
    for (let first; !full && now - startedAt < SLICE_MS && (first = this.#waiting.first) !== undefined;) {
      const { request, begin, since } = first;
      const waitedMs = now - since;
      const isBurst = now - this.#inTimeAt <= BURST_MS;
      late ||= waitedMs > this.#limitMs;
      if (request.outcome !== undefined) {
        this.#waiting.shift();
      } else if (waitedMs > (isBurst ? Math.max(BURST_MS, this.#limitMs) : this.#limitMs)) {
        this.#waiting.shift();
        this.#refuse(request);
      } else if (this.#work.isFull()) {
        full = true;
      } else {
        this.#waiting.shift();
        this.#work.enter();
        request.begun = true;
        begin();
      }
      now = performance.now();
    }
    if (this.#waiting.size === 0 && !late) this.#inTimeAt = now;
    this.#lookingSince = now - startedAt < SLICE_MS ? undefined : now;
    this.#goOn(now, full);
  };

  #goOn(now: number, full: boolean): void {
    this.#turnedAt = now;
    this.#idledMs = performance.nodeTiming.idleTime;
    if (this.#waiting.size === 0 && this.#work.inFlight === 0) {
      this.#next = undefined;
      return;
    }
    this.#next = setImmediate(this.#turn);
    // The loop may wait for what is in flight, and still comes by.
    if (full || this.#waiting.size === 0) this.#next.unref();
    if (full) this.#clock.refresh();
  }
}
