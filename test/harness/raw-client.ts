import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A client, of an http: or https: URL, that writes bytes as it likes and keeps all that comes back. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  readonly #secure: boolean;
  #writtenBefore = 0;
  /** How the connection ended: after a FIN of the other side, or with Node's error code. */
  readonly ended: Promise<string>;

  /** @param options `tls`: whether it speaks TLS, by default as the URL says */
  constructor(url: string, { allowHalfOpen = false, tls }: { allowHalfOpen?: boolean; tls?: boolean } = {}) {
    const { port, protocol } = new URL(url);
    const options = { port: Number(port), host: '127.0.0.1', allowHalfOpen, noDelay: true };
    this.#secure = tls ?? protocol === 'https:';
    this.socket = this.#secure ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#writtenBefore = this.socket.bytesWritten;
    });
    this.ended = new Promise((resolve) => {
      this.socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      this.socket.once('close', () => resolve('end'));
    });
  }

  async connected(): Promise<this> {
    await once(this.socket, this.#secure ? 'secureConnect' : 'connect');
    return this;
  }

  /** Resolves when this text has arrived; rejects when the connection ends without it, or with an answer that fails. */
  async receives(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      if (this.#hasFailed()) throw new Error(`an error instead of ${text}:\n${this.received}`);
      const how = await Promise.race([once(this.socket, 'data').then(() => ''), this.ended]);
      if (how !== '' && !this.received.includes(text))
        throw new Error(`${how} without ${text}:\n${this.received}`);
    }
  }

  /** Whether the last answer is a 4xx or a 5xx, and whole, and nothing was sent after it. */
  #hasFailed(): boolean {
    if (this.socket.bytesWritten > this.#writtenBefore) return false;
    const answer = this.received.slice(Math.max(0, this.received.lastIndexOf('HTTP/1.1 ')));
    const [head = '', body] = answer.split(/\r\n\r\n([^]*)/);
    const length = /^content-length: (\d+)$/im.exec(head)?.[1];
    return /^HTTP\/1\.1 [45]/.test(head) && body !== undefined && body.length >= Number(length);
  }

  get(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  /** The heads of all responses so far. */
  heads(): string[] {
    return this.received
      .split(/(?=HTTP\/1\.1 \d{3})/)
      .map((response) => response.split('\r\n\r\n', 1)[0] ?? '');
  }
}

/** Sends bytes as they are and returns all that comes back until the other side ends the connection. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const client = new RawClient(`http://127.0.0.1:${port}`);
  client.socket.write(text);
  await client.ended; // a reset after the answer is an end like any other
  return client.received;
}
