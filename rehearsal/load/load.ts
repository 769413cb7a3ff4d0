import type { Socket } from 'node:net';
import type { Replica } from '../cluster/replica.ts';
import { RehearsalError } from '../errors.ts';
import { pick } from '../random.ts';
import { bodyOf, slowPath } from '../subject/routes.ts';
import { type Connector, exchange, type Wanted } from './exchange.ts';
import { type Answer, type Asked, Judge } from './judge.ts';
import { KeepAliveClient } from './keep-alive-client.ts';
import type { LoadParts } from './parts.ts';
import { keepStream } from './streams.ts';
import { keepWebSocket } from './web-sockets.ts';

/** For so long at a time: answers have to be read, too. */
const TURN_MS = 20;
/** So far behind, it is no longer the load that was asked for. */
const TOO_LATE_MS = 5000;

/** How much longer than a slow request its client waits. */
const patienceFor = (slowMs: number, timeoutMs: number) => slowMs + timeoutMs;

/**
 * Open-loop load: requests are due at a fixed rate, whether or not those before them have been answered, and their
 * latency counts from when they were due. So a service that stalls can't slow down its own measurement (coordinated
 * omission). Nothing is repeated: what a client does not get the first time is lost.
 */
export class Load {
  readonly #parts: LoadParts;
  readonly #clients: { client: KeepAliveClient; node: number }[];
  readonly #judge: Judge;
  #idle: { client: KeepAliveClient; replica: Replica } | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #rejectTooMuch: (error: RehearsalError) => void = () => undefined;
  /** Rejects with `REHEARSAL_FAILED` when requests can't be sent as fast as they are due. */
  readonly tooMuch = new Promise<never>((_resolve, reject) => (this.#rejectTooMuch = reject));

  constructor(parts: LoadParts) {
    this.#parts = parts;
    const { service, plan } = parts;
    this.#judge = new Judge(plan);
    this.tooMuch.catch(() => undefined); // for whoever does not care
    this.#clients = Array.from({ length: plan.clients }, (_, i) => ({
      client: this.#clientOf(() => service.connect(i)),
      node: i,
    }));
  }

  #clientOf(connect: () => Socket): KeepAliveClient {
    const { service, clock, ledger } = this.#parts;
    return new KeepAliveClient({
      connect,
      now: () => clock.now(),
      onClosed: (socket, history) => {
        const replica = service.routeOf(socket)?.backend;
        if (replica !== undefined) ledger.closures.push({ ...history, replica, atMs: clock.now() });
      },
    });
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  start(): void {
    const { plan, clock, ledger } = this.#parts;
    const intervalMs = 1000 / plan.rate;
    let dueMs = clock.now();
    const tick = () => {
      const pauseAtMs = clock.now() + TURN_MS;
      if (clock.now() - dueMs > TOO_LATE_MS) {
        this.#rejectTooMuch(tooMuch(plan.rate, clock.now() - dueMs));
        return;
      }
      for (; dueMs <= clock.now() && clock.now() < pauseAtMs; dueMs += intervalMs) {
        ledger.sentAfter(clock.now() - dueMs);
        this.#send(dueMs);
      }
      this.#timer = setTimeout(tick, Math.max(0, dueMs - clock.now()));
    };
    tick();
    for (let i = 0; i < plan.streams; i++) this.#track(keepStream(this.#parts, i, this.#stop.signal));
    for (let i = 0; i < plan.webSockets; i++) this.#track(keepWebSocket(this.#parts, i, this.#stop.signal));
  }

  /** Sends no more, and resolves when everything has been answered or lost. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    for (const { client } of this.#clients) client.destroy();
    this.#idle?.client.destroy();
  }

  /** A request that outlasts the shutdown, on a connection of its own to the replica. */
  getStuckAt(replica: Replica, ms: number): void {
    const { service, clock } = this.#parts;
    const connector = { createConnection: () => service.connectTo(replica) };
    this.#exchange('stuck', connector, clock.now(), ms);
  }

  /** Keeps a connection idle after its first answer, to see whether the program closes it. */
  keepIdleAt(replica: Replica): void {
    const { service } = this.#parts;
    const client = this.#clientOf(() => service.connectTo(replica));
    this.#idle = { client, replica };
    const ask = async () => {
      const { loss } = await exchange(service, { agent: client }, this.#wanted('get', 0));
      if (loss === undefined || loss.cause === 'status' || loss.cause === 'body') replica.probed++;
    };
    this.#track(ask());
  }

  /** The replica is about to go: nothing of what follows is to wait for that connection. */
  leaveIdleAt(replica: Replica): void {
    if (this.#idle?.replica === replica) this.#idle.client.destroy();
  }

  #send(dueMs: number): void {
    const { plan, service, random } = this.#parts;
    // Always as many numbers per request, so that two configurations meet the same sequence.
    const [kindAt, freshAt, nodeAt] = [random(), random(), random()];
    const kind = kindAt < plan.slow ? 'slow' : kindAt < plan.slow + plan.post ? 'post' : 'get';
    const kept = freshAt < plan.fresh ? undefined : pick(this.#clients, () => nodeAt);
    const connector =
      kept === undefined
        ? { createConnection: () => service.connect(Math.floor(nodeAt * service.nodes)) }
        : { agent: kept.client };
    this.#exchange(kind, connector, dueMs);
  }

  /** @param slowMs of a request that takes its time */
  #wanted(kind: Asked['kind'], slowMs: number): Wanted {
    const { plan, ledger } = this.#parts;
    const { routes, timeoutMs } = plan;
    const id = `r${ledger.sent}`;
    const headers = { [this.#judge.idHeader]: id, ...plan.headers };
    const asked = { kind, id };
    const common = { headers, timeoutMs, judge: (answer: Answer) => this.#judge.of(asked, answer) };
    if (kind === 'get') return { ...common, method: 'GET', path: routes.get };
    if (kind !== 'post') {
      return {
        ...common,
        method: 'GET',
        path: slowPath(routes, slowMs),
        timeoutMs: patienceFor(slowMs, timeoutMs),
      };
    }
    const { text: body, headers: ofBody } = bodyOf(plan, id);
    const judge = (answer: Answer) => this.#judge.of({ ...asked, body }, answer);
    return { ...common, method: 'POST', path: routes.post, headers: { ...ofBody, ...headers }, body, judge };
  }

  #exchange(
    kind: Asked['kind'],
    connector: Connector,
    dueMs: number,
    slowMs = this.#parts.plan.slowMs,
  ): void {
    const { service, clock, ledger } = this.#parts;
    ledger.sent++;
    const wanted = this.#wanted(kind, slowMs);
    const sentMs = clock.now();
    const settle = async () => {
      const { route, close, keepAliveMs, loss, ...how } = await exchange(service, connector, wanted);
      const replica = route?.backend;
      ledger.settle({
        kind,
        method: wanted.method,
        path: wanted.path,
        dueMs,
        sentMs,
        answerDueMs: dueMs + (kind === 'slow' || kind === 'stuck' ? slowMs : 0),
        endMs: clock.now(),
        replica,
        ...how,
        ...(loss === undefined ? {} : { loss: { ...loss, state: replica?.state } }),
      });
      // Behind a proxy, connections are between that and the client.
      if (route?.front !== undefined) return;
      if (keepAliveMs !== undefined && replica?.sigtermAtMs === undefined)
        ledger.keepAlivePromised(keepAliveMs);
      if (replica?.sigtermAtMs !== undefined && loss === undefined && 'agent' in connector) {
        ledger.farewell(replica, close);
      }
    };
    this.#track(settle());
  }

  #track(work: Promise<void>): void {
    this.#inFlight.add(work);
    void work.finally(() => this.#inFlight.delete(work));
  }
}

function tooMuch(rate: number, behindMs: number): RehearsalError {
  return new RehearsalError(
    'REHEARSAL_FAILED',
    `this machine can't send ${rate} requests a second, it is ${(behindMs / 1000).toFixed(1)} s behind: lower --rate`,
  );
}
