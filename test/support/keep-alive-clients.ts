import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  answered: number;
  /** Requests that were sent and got no whole answer, by error code. */
  lost: Record<string, number>;
  /** How late the clients were at most: a machine that is busy makes them pause for longer than they were told to. */
  lateMs: number;
}

const LOOK_MS = 20;

/**
 * Clients as a service mesh or an HTTP library has them: each posts on one kept-alive connection, thinks for up to
 * `thinkMs`, posts again. One that is told `Connection: close`, or that finds the address gone, moves elsewhere and is
 * done.
 */
export class KeepAliveClients {
  readonly tally: Tally = { answered: 0, lost: {}, lateMs: 0 };
  readonly done: Promise<void>;
  /** Resolves when every client is in the middle of its work: connected, and answered at least once. */
  readonly busy: Promise<void>;

  constructor(url: string, count: number, thinkMs: number) {
    const firstAnswers: Promise<void>[] = [];
    const clients = Array.from({ length: count }, async () => {
      const { promise, resolve } = withResolvers();
      firstAnswers.push(promise);
      return this.#client(url, thinkMs, resolve);
    });
    this.busy = Promise.all(firstAnswers).then(() => undefined);
    let lookedAt = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      this.tally.lateMs = Math.max(this.tally.lateMs, now - lookedAt - LOOK_MS);
      lookedAt = now;
    }, LOOK_MS);
    this.done = Promise.all(clients).then(() => clearInterval(timer));
  }

  async #client(url: string, thinkMs: number, onAnswer: () => void): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    try {
      for (let moved = false; !moved;) {
        await sleep(Math.random() * thinkMs);
        moved = await post(`${url}/echo`, agent);
        this.tally.answered++;
        onAnswer();
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      // Nothing was sent to an address that refuses.
      if (code !== 'ECONNREFUSED') this.tally.lost[code] = (this.tally.lost[code] ?? 0) + 1;
    } finally {
      onAnswer();
      agent.destroy();
    }
  }
}

/** Promise.withResolvers, which Node has since 22. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => (resolve = fulfil));
  return { promise, resolve };
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

/**
 * What clients lose that pause for as long as they were told, and for at most `slackMs` longer. If they lost something
 * and had been held up for more than that, it has proved nothing, and they play again; the test's own time is the limit.
 */
export async function inTime<T extends Pick<Tally, 'lost' | 'lateMs'>>(
  slackMs: number,
  play: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const result = await play();
    if (Object.keys(result.lost).length === 0 || result.lateMs <= slackMs) return result;
  }
}
