/** What a pipe takes whole or not at all (PIPE_BUF on Linux), in characters: those of a log are bytes nearly always. */
const MOST_CHARACTERS = 4096;
/** The longest that a line waits for others. */
const MOST_MS = 5;

/**
 * Gathers lines and hands them on together: a write to a pipe costs as much as half a request. It gathers only while it
 * is told to, and nothing waits behind a line that is urgent.
 */
export class LogBuffer {
  readonly #send: (lines: string, count: number) => void;
  /** One timer for as many lines as come: it finds the newest of them sooner, and is not set anew for each. */
  readonly #onTime = () => {
    this.#due = false;
    this.flush();
  };
  #text = '';
  #count = 0;
  #due = false;
  #gathering = false;

  /** @param send gets whole lines, and how many they are */
  constructor(send: (lines: string, count: number) => void) {
    this.#send = send;
  }

  /** Whether lines may wait. What waits is sent when they no longer may. */
  set gathering(gathering: boolean) {
    this.#gathering = gathering;
    if (!gathering) this.flush();
  }

  /** @param line with its line break */
  write(line: string, urgent: boolean): void {
    if (this.#text.length + line.length > MOST_CHARACTERS) this.flush();
    this.#text += line;
    this.#count++;
    if (urgent || !this.#gathering || this.#text.length >= MOST_CHARACTERS) {
      this.flush();
    } else if (!this.#due) {
      this.#due = true;
      setTimeout(this.#onTime, MOST_MS);
    }
  }

  flush(): void {
    if (this.#count === 0) return;
    const [text, count] = [this.#text, this.#count];
    this.#text = '';
    this.#count = 0;
    this.#send(text, count);
  }
}
