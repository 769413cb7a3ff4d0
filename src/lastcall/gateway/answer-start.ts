import type { Socket } from 'node:net';

const VERSION_AND_STATUS = /^HTTP\/1\.([01]) (\d{3})/;
const START_LENGTH = 'HTTP/1.1 100'.length;
const HTTP = 'HTTP/1.';
const LINE_END = '\n';
const HEAD_END = '\r\n\r\n';
/** As much as Node and undici read of headers. */
const LONGEST_HEAD = 16 * 1024;

/**
 * Looks at the first bytes of an answer, before undici does. It takes away what a target says before its final answer
 * (1xx), of which nothing is passed on: some servers send `100 Continue` unasked, clients have to put up with that
 * (RFC 9110, 15.2), and undici ends the connection. And it notes what undici does not tell: whether anything has come at
 * all, and the version of HTTP.
 */
export class AnswerStart {
  /** `1.1` or `1.0`; undefined if it is something else, some of which undici takes. */
  httpVersion: string | undefined;
  #seen = false;
  #looking = false;
  #held: Buffer = Buffer.alloc(0);

  /** Whether any byte has come since `expect()`. */
  get seen(): boolean {
    return this.#seen;
  }

  /** A request is sent now: the next byte is the first of its answer. What comes before that is undici's to refuse. */
  expect(): void {
    this.#seen = false;
    this.#looking = true;
    this.httpVersion = undefined;
  }

  /** Puts itself between a socket and whoever reads from it. */
  listenTo(socket: Socket): void {
    this.#held = Buffer.alloc(0);
    const read = socket.read.bind(socket);
    socket.read = (size) => {
      const chunk = read(size) as Buffer | null;
      if (!this.#looking || chunk === null) return chunk;
      this.#seen = true;
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      return this.#final();
    };
  }

  /** What can be passed on; null while there is nothing, like `read()`. */
  #final(): Buffer | null {
    for (;;) {
      const start = this.#held.toString('latin1', 0, START_LENGTH);
      if (!start.startsWith(HTTP) && !HTTP.startsWith(start)) return this.#release();
      const [, version, status = ''] = VERSION_AND_STATUS.exec(start) ?? [];
      const interim = status.startsWith('1') && status !== '101';
      // A whole status line at least: of a reason phrase in two parts, undici keeps the second.
      const end = this.#held.indexOf(interim ? HEAD_END : LINE_END);
      if (end === -1) return this.#held.length > LONGEST_HEAD ? this.#release() : null;
      if (!interim) {
        if (version !== undefined) this.httpVersion = `1.${version}`;
        return this.#release();
      }
      this.#held = this.#held.subarray(end + HEAD_END.length);
      if (this.#held.length === 0) return null;
    }
  }

  /** The answer begins here, and is none of our business any more. */
  #release(): Buffer {
    const held = this.#held;
    this.#looking = false;
    this.#held = Buffer.alloc(0);
    return held;
  }
}
