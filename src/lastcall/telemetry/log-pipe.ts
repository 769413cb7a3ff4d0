/** Most bytes of whole lines that wait for the reader. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** How often a full pipe is tried again. */
const RETRY_MS = 10;
/**
 * At the exit, which waits for a reader that reads, and not for one that has stopped. Together with the last look at the
 * overall deadline it fits into the second that is kept free behind that.
 */
const EXIT = { retryMs: 5, stalledMs: 600, mostMs: 700 };
/** Nobody ever changes it: waiting for that is the one way to sleep while the process exits. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Lines that were written together, and stay or go together. */
interface Batch {
  bytes: Buffer;
  lines: number;
}

export interface LogPipeOptions {
  /** Writes without blocking. Returns how many bytes were taken; throws EAGAIN if the pipe is full. */
  write: (bytes: Uint8Array) => number;
  /** The line, with its line break, that stands where lines were dropped. */
  lossLine: (dropped: number) => string;
}

/**
 * Writes lines to a pipe or a socket and never waits for who reads it. What the pipe takes is written at once; the
 * rest waits here, up to 1 MiB, and then the oldest whole lines go. The pipe itself has kept the beginning of what
 * happened (64 KiB on Linux); here stay the latest lines, so that the last of all, the report of the shutdown, gets
 * through when the reader comes back only then. Where lines are missing, a line says how many.
 *
 * What is written together is one write: up to 4096 bytes go into a pipe whole or not at all. Of more, or in a socket,
 * the rest is the first to be written later.
 *
 * Never throws: without a reader lines are dropped, and a later one may find another.
 */
export class LogPipe {
  readonly #options: LogPipeOptions;
  /** Whole lines, oldest first. */
  readonly #waiting: Batch[] = [];
  #waitingBytes = 0;
  /** What is left of the lines that the pipe has taken the beginning of. */
  #begun: Batch | undefined;
  #dropped = 0;
  /** How many of the dropped ones no line has told of yet. */
  #untold = 0;
  #retrying = false;

  constructor(options: LogPipeOptions) {
    this.#options = options;
  }

  /** Lines that nobody has got, ever. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * @param text whole lines, with their line breaks
   * @param lines how many they are
   */
  write(text: string, lines = 1): void {
    const bytes = Buffer.from(text);
    this.#waiting.push({ bytes, lines });
    this.#waitingBytes += bytes.length;
    this.#send();
    while (this.#waitingBytes > MOST_WAITING_BYTES) this.#dropOldest();
  }

  /**
   * For the exit: writes what waits, for as long as the reader takes some of it every 250 ms, 500 ms in all. Blocks the
   * process meanwhile.
   */
  sendLast(): void {
    const startedAt = performance.now();
    let takenAt = startedAt;
    let unsentBytes = this.#unsentBytes;
    while (this.#send()) {
      const now = performance.now();
      if (this.#unsentBytes < unsentBytes) takenAt = now;
      if (now - takenAt > EXIT.stalledMs || now - startedAt > EXIT.mostMs) return;
      unsentBytes = this.#unsentBytes;
      Atomics.wait(NEVER, 0, 0, EXIT.retryMs);
    }
  }

  /** Writes what the pipe takes. Returns whether it is full. */
  #send(): boolean {
    try {
      for (;;) {
        if (this.#begun !== undefined) this.#begin(this.#begun);
        else if (this.#waiting[0] !== undefined) this.#sendOldest(this.#waiting[0]);
        else if (this.#untold > 0) this.#sendOldest({ bytes: Buffer.alloc(0), lines: 0 });
        else return false;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        this.#retryLater();
        return true;
      }
      this.#dropAll(); // EPIPE and the like: nobody reads any more
      return false;
    }
  }

  /**
   * What is missing is told in one write with the line behind it: alone, it might fit into the little that is left of
   * a pipe that nobody reads, and would be told again for each line that is missing.
   */
  #sendOldest({ bytes, lines }: Batch): void {
    const loss = this.#untold > 0 ? this.#options.lossLine(this.#untold) : '';
    this.#begin({ bytes: loss === '' ? bytes : Buffer.concat([Buffer.from(loss), bytes]), lines });
    this.#untold = 0;
    this.#takeOldest();
  }

  /** Throws if the pipe takes nothing; keeps the rest if it takes a part. */
  #begin({ bytes, lines }: Batch): void {
    const count = this.#options.write(bytes);
    this.#begun = count < bytes.length ? { bytes: bytes.subarray(count), lines } : undefined;
  }

  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    setTimeout(() => {
      this.#retrying = false;
      this.#send();
    }, RETRY_MS).unref();
  }

  #takeOldest(): void {
    this.#waitingBytes -= this.#waiting.shift()?.bytes.length ?? 0;
  }

  #dropOldest(): void {
    this.#count(this.#waiting[0]);
    this.#takeOldest();
  }

  #count(dropped: Batch | undefined): void {
    this.#dropped += dropped?.lines ?? 0;
    this.#untold += dropped?.lines ?? 0;
  }

  /** What was begun, too: whoever reads next must not begin in the middle of a line. */
  #dropAll(): void {
    this.#count(this.#begun);
    this.#begun = undefined;
    while (this.#waiting.length > 0) this.#dropOldest();
  }

  get #unsentBytes(): number {
    return (this.#begun?.bytes.length ?? 0) + this.#waitingBytes;
  }
}
