import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The body of a request on its way to a target. undici destroys what it sends from when the target fails or answers
 * early, and the request has to survive that: its client still gets an answer, and the rest of the body is read and
 * thrown away, so that the next request of the connection can be found.
 */
export class RequestBody extends Readable {
  readonly #req: IncomingMessage;
  /** The client has gone before the end of it. */
  brokenOff = false;
  #asked = false;
  #pushed = 0;
  readonly #onData = (chunk: Buffer) => {
    this.#pushed += chunk.length;
    if (!this.push(chunk)) this.#req.pause();
  };
  readonly #onEnd = () => this.push(null);
  readonly #onClose = () => {
    if (this.#req.readableEnded) return;
    this.brokenOff = true;
    this.destroy(new Error('the client broke off its request'));
  };

  constructor(req: IncomingMessage) {
    super();
    this.#req = req;
    req.pause(); // until the connection to the target is there
    req.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose);
    this.on('error', () => undefined); // whoever sends it hears of it, and may have stopped to listen
  }

  /** Somebody has begun to read it: there is a connection. */
  get asked(): boolean {
    return this.#asked;
  }

  /** Bytes that were taken for the target so far. */
  get taken(): number {
    return this.#pushed - this.readableLength;
  }

  override _read(): void {
    this.#asked = true;
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { readableEnded } = this.#req;
    this.#req.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    if (!readableEnded) this.#req.resume();
    done(error);
  }
}
