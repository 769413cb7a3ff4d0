import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Tally {
  answered: number;
  /** Requests that were sent and got no whole answer, by error code. */
  lost: Record<string, number>;
  /**
   * Requests that were lost by clients which had paused for longer than they were to, because this machine was busy: they
   * prove nothing.
   */
  late: number;
}

const LOOK_MS = 10;
const MOST_PLAYS = 3;

/**
 * Clients as a service mesh or an HTTP library has them: each posts on one kept-alive connection, thinks for up to
 * `thinkMs`, posts again. One that is told `Connection: close`, or that finds the address gone, moves elsewhere and is
 * done.
 */
export class KeepAliveClients {
  readonly tally: Tally = { answered: 0, lost: {}, late: 0 };
  readonly done: Promise<void>;
  /** Resolves when every client is in the middle of its work: connected, and answered at least once. */
  readonly busy: Promise<void>;
  readonly #mostMs: number;
  /** When the event loop was last seen turning: what came since then may have come as early. */
  #lookedAt = performance.now();
  readonly #looking: NodeJS.Timeout;

  /** @param mostMs how long a client may pause, from when its answer came, by the rule that is tested */
  constructor(url: string, count: number, thinkMs: number, mostMs = thinkMs) {
    this.#mostMs = mostMs;
    this.#looking = setInterval(() => (this.#lookedAt = performance.now()), LOOK_MS);
    const firstAnswers: Promise<void>[] = [];
    const clients = Array.from({ length: count }, async () => {
      const { promise, resolve } = withResolvers();
      firstAnswers.push(promise);
      return this.#client(url, thinkMs, resolve);
    });
    this.busy = Promise.all(firstAnswers).then(() => undefined);
    this.done = Promise.all(clients).then(() => clearInterval(this.#looking));
  }

  async #client(url: string, thinkMs: number, onAnswer: () => void): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let answeredAt = Infinity;
    let pausedMs = 0;
    try {
      for (let moved = false; !moved;) {
        await sleep(Math.random() * thinkMs);
        pausedMs = performance.now() - answeredAt;
        moved = await post(`${url}/echo`, agent);
        answeredAt = this.#lookedAt;
        this.tally.answered++;
        onAnswer();
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      // Nothing was sent to an address that refuses.
      if (code === 'ECONNREFUSED') return;
      if (pausedMs > this.#mostMs) this.tally.late++;
      else this.tally.lost[code] = (this.tally.lost[code] ?? 0) + 1;
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
 * Plays until at least half of the clients were in time at the end: those prove something. The time of the test is the
 * limit. What the others lost is counted by the service as broken, because it can't know.
 */
export async function punctual<T extends Pick<Tally, 'late'>>(
  clients: number,
  play: () => Promise<T>,
): Promise<T> {
  // A machine that stays busy ends it: what was lost by those that were in time is a loss all the same.
  for (let plays = 1; ; plays++) {
    const result = await play();
    if (result.late <= clients / 2 || plays === MOST_PLAYS) return result;
  }
}
