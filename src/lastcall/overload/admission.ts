import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Gate } from '../listener/gate.ts';
import type { TrackedRequest } from '../listener/request.ts';
import type { MetricFactory } from '../telemetry/metric-factory.ts';
import { clientAddress } from './client-address.ts';
import { Refusals } from './refusals.ts';
import { WaitingRoom } from './waiting-room.ts';

/**
 * The gate of all listeners of the application: refuses what would be too many at a time, and what has waited too long
 * for the event loop. Undefined if the configuration limits neither. Probes and metrics have a listener of their own,
 * which refuses nothing.
 */
export function admission(
  config: Pick<Config, 'overload' | 'trustProxy'>,
  logger: Logger,
  metrics: Pick<MetricFactory, 'registry'>,
): Gate | undefined {
  const isAsked = Object.values(config.overload).some((limit) => limit !== undefined);
  return isAsked ? new Admission(config, new Refusals(logger, metrics)) : undefined;
}

class Admission implements Gate {
  readonly #most: number;
  readonly #mostPerClient: number;
  readonly #clientOf: (req: IncomingMessage) => string;
  readonly #refusals: Refusals;
  readonly #waitingRoom: WaitingRoom | undefined;
  #count = 0;
  readonly #counts = new Map<string, number>();

  constructor(config: Pick<Config, 'overload' | 'trustProxy'>, refusals: Refusals) {
    const { delayMs, maxRequests, maxRequestsPerClient } = config.overload;
    this.#most = maxRequests ?? Infinity;
    this.#mostPerClient = maxRequestsPerClient ?? Infinity;
    this.#clientOf = clientAddress(config);
    this.#refusals = refusals;
    if (delayMs !== undefined) {
      this.#waitingRoom = new WaitingRoom(delayMs, (request) => refusals.answer(request, 'event_loop'));
    }
  }

  enter(request: TrackedRequest, begin: () => void): void {
    if (this.#count >= this.#most) {
      this.#refusals.answer(request, 'concurrency');
      return;
    }
    const client = this.#clientOf(request.req);
    const count = this.#counts.get(client) ?? 0;
    if (count >= this.#mostPerClient) {
      this.#refusals.answer(request, 'client');
      return;
    }
    this.#count++;
    this.#counts.set(client, count + 1);
    request.client = client;
    if (this.#waitingRoom === undefined) begin();
    else this.#waitingRoom.enter(client, request, begin);
  }

  leave(request: TrackedRequest): void {
    const { client } = request;
    if (client === undefined) return;
    this.#count--;
    const others = (this.#counts.get(client) ?? 1) - 1;
    if (others > 0) this.#counts.set(client, others);
    else this.#counts.delete(client);
    this.#waitingRoom?.leave(request);
  }
}
