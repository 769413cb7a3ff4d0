import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import { patientTimeout } from '../lifecycle/loop-clock.ts';

interface Handshake {
  connection: Connection;
  /** Of its time-out. */
  cancel: () => void;
}

/**
 * Connections whose TLS handshake is not done, by both of their addresses: Node does not tell which raw socket is below a
 * TLS socket, but both have the same two ends.
 */
export class Handshakes {
  readonly #timeoutMs: number;
  readonly #onRefused: () => void;
  readonly #open = new Map<string, Handshake>();

  /**
   * @param timeoutMs 0: Node's own limit, two minutes
   * @param onRefused one has failed or took too long, and its client had not left
   */
  constructor(timeoutMs: number, onRefused: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#onRefused = onRefused;
  }

  begin(connection: Connection): void {
    const { socket } = connection;
    const ends = endsOf(socket);
    const giveUp = () => {
      this.#refuse(connection);
      socket.destroy();
    };
    const cancel = this.#timeoutMs > 0 ? patientTimeout(giveUp, this.#timeoutMs) : () => undefined;
    connection.handshaking = true;
    this.#open.set(ends, { connection, cancel });
    socket.once('close', () => {
      cancel();
      if (this.#open.get(ends)?.connection === connection) this.#open.delete(ends);
    });
  }

  /** It is done. Returns whose it was; undefined if the peer was gone before. */
  done(socket: Socket): Connection | undefined {
    const ends = endsOf(socket);
    const { connection, cancel } = this.#open.get(ends) ?? {};
    cancel?.();
    this.#open.delete(ends);
    if (connection !== undefined) connection.handshaking = false;
    return connection;
  }

  /** It has failed. A client that has left is nothing to refuse: load balancers look whether a port is open. */
  failed({ code }: NodeJS.ErrnoException, socket: Socket): void {
    const { connection } = this.#open.get(endsOf(socket)) ?? {};
    if (connection !== undefined && code !== 'ECONNRESET') this.#refuse(connection);
    socket.destroy();
  }

  #refuse(connection: Connection): void {
    connection.endedBy = 'refused';
    this.#onRefused();
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
