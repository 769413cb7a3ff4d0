import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IncomingMessage } from 'node:http';
import type { Network } from '../plan.ts';
import { pick, type Random } from '../random.ts';
import type { Front } from './front/front.ts';
import type { FrontLoss } from './front/kind.ts';
import type { FrontName } from './front/kinds.ts';

/** What an EndpointSlice says of a pod: `ready` is serving and not terminating. */
export interface Conditions {
  serving: boolean;
  terminating: boolean;
}

export interface Backend {
  readonly name: string;
  /** The port of its traffic on the loopback interface. */
  readonly port: number;
}

/** Where a connection went. */
export interface Route<B extends Backend> {
  backend: B | undefined;
  /** It went to a proxy: only an answer tells which endpoint that asked. */
  front?: FrontName;
  /** The proxy has answered by itself. */
  loss?: FrontLoss;
}

/** Nothing leaves the machine, and nobody has a certificate for it. */
const ANY_CERTIFICATE = { rejectUnauthorized: false, servername: 'localhost' };
const UNKNOWN: Conditions = { serving: false, terminating: false };
const GONE: Conditions = { serving: false, terminating: true };

/**
 * A Service in front of the replicas, as kube-proxy implements it: an endpoint is chosen once, for each new TCP
 * connection, and the connection then is between client and pod. So nothing stands in between here either: whoever
 * wants a connection is connected to the endpoint itself, and sees its resets and refusals as they are.
 *
 * Every node has a balancer of its own, which learns that an endpoint is ready at once and that it no longer is
 * only after the lag. Like kube-proxy, a balancer without ready endpoints falls back on those that are terminating
 * and still serving (KEP-1669), and refuses the connection if there are none.
 *
 * Where a proxy stands in front, all clients are connected to that, and it is what learns of endpoints.
 */
export class Service<B extends Backend> {
  readonly #network: Network;
  readonly #random: Random;
  /** Of each node: the conditions that its balancer knows, and which update they came with. */
  readonly #views: Map<B, Conditions & { update: number }>[];
  readonly #newest = new Map<B, Conditions>();
  #updates = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #routes = new WeakMap<Socket, Route<B>>();
  readonly #onRotation: (backend: B, inRotation: boolean) => void;
  #front: Front | undefined;
  #closed = false;

  /** @param onRotation is told when the first balancer takes an endpoint in, and when the last one has let go of it */
  constructor(network: Network, random: Random, onRotation: (backend: B, inRotation: boolean) => void) {
    this.#network = network;
    this.#random = random;
    this.#onRotation = onRotation;
    this.#views = Array.from({ length: network.nodes }, () => new Map());
  }

  get nodes(): number {
    return this.#views.length;
  }

  /** All clients go through it from now on. */
  putInFront(front: Front): void {
    this.#front = front;
  }

  /** What is known of an endpoint now; the balancers hear of it if it is new. */
  update(backend: B, conditions: Conditions): void {
    if (this.#closed) return;
    const { serving, terminating } = this.#newest.get(backend) ?? UNKNOWN;
    if (serving === conditions.serving && terminating === conditions.terminating) return;
    this.#newest.set(backend, conditions);
    const update = ++this.#updates;
    for (const view of this.#views) {
      const apply = () => {
        if ((view.get(backend)?.update ?? 0) > update) return; // a later one with a shorter lag has come first
        const before = this.#inRotation(backend);
        view.set(backend, { ...conditions, update });
        const after = this.#inRotation(backend);
        this.#front?.lead(this.#endpoints(0).map(({ port }) => port));
        if (before !== after) this.#onRotation(backend, after);
      };
      if (isReady(conditions)) {
        apply();
        continue;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        apply();
      }, this.#lagMs());
      this.#timers.add(timer);
    }
  }

  /** The endpoint no longer exists. */
  remove(backend: B): void {
    this.update(backend, GONE);
  }

  /** A new connection of a client on the node. It fails like any refused connection if there is no endpoint. */
  connect(node: number): Socket {
    if (this.#front !== undefined) {
      const socket = connect({ host: '127.0.0.1', port: this.#front.port });
      this.#routes.set(socket, { backend: undefined, front: this.#front.name });
      return socket;
    }
    const backend = this.#choose(node);
    if (backend !== undefined) return this.connectTo(backend);
    const socket = refused();
    this.#routes.set(socket, { backend });
    return socket;
  }

  /** A new connection to this endpoint, in rotation or not. */
  connectTo(backend: B): Socket {
    const address = { host: '127.0.0.1', port: backend.port };
    const socket = this.#network.https ? connectTls({ ...address, ...ANY_CERTIFICATE }) : connect(address);
    this.#routes.set(socket, { backend });
    return socket;
  }

  /**
   * Where a socket of {@link connect} leads to.
   *
   * @param answer that came on it, if one has: through a proxy, it is what tells
   */
  routeOf(socket: Socket, answer?: IncomingMessage): Route<B> | undefined {
    const route = this.#routes.get(socket);
    if (this.#front === undefined || route?.front === undefined || answer === undefined) return route;
    const { port, loss } = this.#front.passage(answer.statusCode ?? 0, answer.headers);
    const backend = [...this.#newest.keys()].find((one) => one.port === port);
    return { ...route, backend, ...(loss && { loss }) };
  }

  /** No balancer learns anything any more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #inRotation(backend: B): boolean {
    return this.#views.some((view) => isReady(view.get(backend) ?? UNKNOWN));
  }

  #choose(node: number): B | undefined {
    return pick(this.#endpoints(node), this.#random);
  }

  #endpoints(node: number): B[] {
    const known = [...(this.#views[node % this.#views.length] ?? [])];
    const ready = known.filter(([, conditions]) => isReady(conditions));
    const serving = known.filter(([, conditions]) => conditions.serving);
    return (ready.length > 0 ? ready : serving).map(([backend]) => backend);
  }

  #lagMs(): number {
    const { endpointLagMs, jitter } = this.#network;
    return endpointLagMs * (1 + jitter * (2 * this.#random() - 1));
  }
}

function isReady({ serving, terminating }: Conditions): boolean {
  return serving && !terminating;
}

/** What a client of a Service without endpoints gets: kube-proxy rejects it. */
function refused(): Socket {
  const socket = new Socket();
  // Not sooner: the HTTP client only then listens for errors.
  setImmediate(() => {
    socket.destroy(Object.assign(new Error('the Service has no endpoint'), { code: 'ECONNREFUSED' }));
  });
  return socket;
}
