import type { Tally } from './tally.ts';

/** A request in flight, at one moment; or one that was lost, as it was then. */
export interface RequestSnapshot {
  listener: string;
  method: string;
  route: string;
  ageMs: number;
  bytesSent: number;
  requestId: string | undefined;
  /** Called as in the log. */
  trace_id?: string | undefined;
}

/** A request that was lost: at the deadline, or because its connection was broken on our side. */
export interface LostRequest extends RequestSnapshot {
  outcome: 'cut' | 'broken';
}

export interface ListenerResult {
  name: string;
  /** `cut`: something was lost since the drain began. */
  result: 'closed' | 'cut' | 'error';
  ms: number;
  cutRequests: LostRequest[];
  error?: unknown;
}

export interface DrainOptions {
  keepAliveMinIdleMs: number;
  /** Fires when the time to drain is over. */
  deadline: AbortSignal;
}

/** What the state machine needs of a traffic listener. */
export interface Drainable {
  readonly name: string;
  readonly port: number;
  /** Of the newest connection or request, on the loopClock. */
  readonly lastTrafficAt: number;
  start(): Promise<void>;
  /** `windowMs` is how long the window lasts at least: goodbyes are spread over it. */
  giveNotice(windowMs: number): void;
  /** Closes the listener and ends its connections; what is left at the deadline is cut. */
  stop(options: DrainOptions): Promise<ListenerResult>;
  /** An operator is in a hurry: idle connections are not waited for. */
  expedite(): void;
  /** Ends everything at once, counted; returns all that was lost. */
  cut(): LostRequest[];
  tally(): Tally;
}
