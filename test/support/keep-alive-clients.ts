import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  answered: number;
  /** Requests that were sent and got no whole answer, by error code. */
  lost: Record<string, number>;
}

/**
 * Clients as a service mesh or an HTTP library has them: each posts on one kept-alive connection, thinks for up to
 * `thinkMs`, posts again. One that is told `Connection: close`, or that finds the address gone, moves elsewhere and is
 * done.
 */
export class KeepAliveClients {
  readonly tally: Tally = { answered: 0, lost: {} };
  readonly done: Promise<void>;
  #waiting = new Map<number, () => void>();

  constructor(url: string, count: number, thinkMs: number) {
    const clients = Array.from({ length: count }, async () => this.#client(url, thinkMs));
    this.done = Promise.all(clients).then(() => undefined);
  }

  /** Resolves when this many requests have been answered. */
  async answers(count: number): Promise<void> {
    if (this.tally.answered >= count) return;
    await new Promise<void>((resolve) => this.#waiting.set(count, resolve));
  }

  async #client(url: string, thinkMs: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let moved = false; !moved;) {
        await sleep(Math.random() * thinkMs);
        moved = await post(`${url}/echo`, agent);
        this.tally.answered++;
        this.#waiting.get(this.tally.answered)?.();
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      // Nothing was sent to an address that refuses.
      if (code !== 'ECONNREFUSED') this.tally.lost[code] = (this.tally.lost[code] ?? 0) + 1;
    } finally {
      agent.destroy();
    }
  }
}

/** Posts a small JSON body; whether the answer said close. */
async function post(url: string, agent: http.Agent): Promise<boolean> {
  const body = '{"hello":"world"}';
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const req = http.request(url, { agent, method: 'POST', headers }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('error', reject);
      res.on('end', () => {
        if (res.statusCode === 200 && text === body) resolve(res.headers.connection === 'close');
        else reject(new Error(`${res.statusCode} ${text}`));
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}
