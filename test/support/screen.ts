import { Writable } from 'node:stream';

/** A terminal that understands what a live display writes, so that a test can look at what a person would see. */
export class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows = 40;
  /** Everything that was written, escape sequences included. */
  written = '';
  readonly #colours: boolean;
  readonly #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor({ columns = 80, colours = false } = {}) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.#colours = colours;
  }

  hasColors(): boolean {
    return this.#colours;
  }

  /** What is to be seen, without empty lines at the end. */
  get lines(): string[] {
    return this.#lines
      .map((line) => line.trimEnd())
      .slice(0, this.#lines.findLastIndex((line) => line.trim()) + 1);
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    this.written += text;
    // oxlint-disable-next-line no-control-regex
    for (const [token, amount = '1', command] of text.matchAll(/\u001B\[\??(\d*);?\d*([A-Za-z])|[^]/gu)) {
      if (command === undefined) this.#put(token);
      else this.#move(command, Number(amount || 1), amount);
    }
    done();
  }

  #put(character: string): void {
    if (character === '\n') {
      this.#column = 0;
      this.#row++;
      while (this.#lines.length <= this.#row) this.#lines.push('');
      return;
    }
    if (this.#column === this.columns) this.#put('\n');
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
  }

  #move(command: string, by: number, amount: string): void {
    const line = this.#lines[this.#row] ?? '';
    if (command === 'A') this.#row = Math.max(0, this.#row - by);
    // The last line is the end: there is nothing to move down to.
    else if (command === 'B') this.#row = Math.min(this.#lines.length - 1, this.#row + by);
    else if (command === 'G') this.#column = 0;
    else if (command === 'K') this.#lines[this.#row] = amount === '2' ? '' : line.slice(0, this.#column);
    else if (!'mhl'.includes(command)) throw new Error(`the screen does not know ${command}`);
  }
}
