import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A client, of an http: or https: URL, that writes bytes as it likes and keeps all that comes back. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  readonly #secure: boolean;
  /** How the connection ended: after a FIN of the other side, or with Node's error code. */
  readonly ended: Promise<string>;

  constructor(url: string, { allowHalfOpen = false } = {}) {
    const { port, protocol } = new URL(url);
    const options = { port: Number(port), host: '127.0.0.1', allowHalfOpen, noDelay: true };
    this.#secure = protocol === 'https:';
    this.socket = this.#secure ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    this.socket.on('data', (chunk) => (this.received += chunk.toString('latin1')));
    this.ended = new Promise((resolve) => {
      this.socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      this.socket.once('close', () => resolve('end'));
    });
  }

  async connected(): Promise<this> {
    await once(this.socket, this.#secure ? 'secureConnect' : 'connect');
    return this;
  }

  /** Resolves when this text has arrived; rejects when the connection ends without it. */
  async receives(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      const how = await Promise.race([once(this.socket, 'data').then(() => ''), this.ended]);
      if (how !== '' && !this.received.includes(text))
        throw new Error(`${how} without ${text}:\n${this.received}`);
    }
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
