import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { RehearsalError } from '../errors.ts';

/** Below the ports that Linux (32768), macOS and Windows (49152) give to outgoing connections, which would take them. */
const FIRST = 12_000;
const LAST = 32_000;
/** From a port to that of UDP which reserves it: few programs have one at all, and none of theirs is so high. */
const TO_RESERVATION = 20_000;
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/**
 * Ports of the loopback interface that nobody listens on. Each is given out once, and by no other rehearsal on this
 * machine for as long as this one has it: its program listens only later.
 */
export class Ports {
  readonly #reservations = new Set<Socket>();

  /** @throws RehearsalError `REHEARSAL_FAILED` if there is none left */
  async take(): Promise<number> {
    for (let tries = FIRST; tries < LAST; tries++) {
      const port = (next = next >= LAST ? FIRST : next + 1); // others may ask meanwhile
      if ((await this.#reserve(port)) && (await isFree(port))) return port;
    }
    throw new RehearsalError('REHEARSAL_FAILED', `no free port from ${FIRST} to ${LAST}`);
  }

  /** They may be given out again. */
  release(): void {
    for (const reservation of this.#reservations) reservation.close();
    this.#reservations.clear();
  }

  async #reserve(port: number): Promise<boolean> {
    const socket = createSocket('udp4').unref();
    try {
      await once(socket.bind(port + TO_RESERVATION, '127.0.0.1'), 'listening');
    } catch {
      socket.close();
      return false;
    }
    this.#reservations.add(socket);
    return true;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
