// The log of a service under test: as lines that are waited for, from a process or from memory.

/** One line of the log; text that is no JSON is the `msg` of a line without anything else. */
export interface LogLine {
  [field: string]: unknown;
  event?: string;
  state?: string;
  msg: string;
}

/** What a line is recognised by: values that it has, or a condition. */
export type Wanted = Record<string, unknown> | ((line: LogLine) => boolean);

/** The lines so far, and those to come. */
export class LogLines {
  readonly lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  #ended: (() => string) | undefined;

  /** Takes one line of text. As a destination, pino calls it. */
  write(text: string): void {
    this.lines.push(lineOf(text));
    this.#look();
  }

  /** Nothing comes any more: who waits for a line gives up, and says why. */
  end(why: () => string): void {
    this.#ended ??= why;
    this.#look();
  }

  /** The first (or nth) line, past or future, that is wanted. Rejects at the end of the log if there was none. */
  async line(wanted: Wanted, nth = 1): Promise<LogLine> {
    const fits = typeof wanted === 'function' ? wanted : has(wanted);
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.lines.filter(fits)[nth - 1];
        if (found === undefined && this.#ended === undefined) return;
        this.#waiting.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without ${describe(wanted)}:\n${this.#ended?.()}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** Base URL of a listener, once it is open: `http`, `https`, `management` or one of the service's own. */
export async function urlOf(
  log: { line: (wanted: Wanted) => Promise<LogLine> },
  listener: string,
): Promise<string> {
  const { port } = await log.line({ event: 'listening', listener });
  return `${listener === 'https' ? 'https' : 'http'}://127.0.0.1:${String(port)}`;
}

function has(fields: Record<string, unknown>): (line: LogLine) => boolean {
  return (line) => Object.entries(fields).every(([name, value]) => line[name] === value);
}

function describe(wanted: Wanted): string {
  return typeof wanted === 'function' ? wanted.toString() : JSON.stringify(wanted);
}

/** Text that is no JSON is the `msg` of a line without anything else. */
export function lineOf(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}
