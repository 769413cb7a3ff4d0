import { EventEmitter, once } from 'node:events';

export type LogLine = Record<string, unknown>;

/** A destination for pino that keeps each line as an object. */
export class LogCapture extends EventEmitter {
  readonly lines: LogLine[] = [];

  write(text: string): void {
    this.lines.push(JSON.parse(text) as LogLine);
    this.emit('line');
  }

  /** The first line that has these values, as soon as there is one. */
  async line(values: LogLine): Promise<LogLine> {
    const has = (line: LogLine) => Object.entries(values).every(([key, value]) => line[key] === value);
    for (;;) {
      const found = this.lines.find(has);
      if (found !== undefined) return found;
      await once(this, 'line');
    }
  }
}
