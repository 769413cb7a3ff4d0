import type { Replica } from '../cluster/replica.ts';
import type { History } from './keep-alive-client.ts';

/** What became of a request that was lost. */
export type Cause =
  /** There was no endpoint to connect to. */
  | 'no-endpoint'
  /** Nobody listened. */
  | 'refused'
  /** A new connection was reset before an answer. */
  | 'reset-new'
  /** A kept connection was reset before an answer. */
  | 'reset-kept'
  /** Began and was not finished: the answer to a request, a stream, a WebSocket. */
  | 'broken'
  /** A whole answer with another status than the expected one. */
  | 'status'
  /** A whole answer whose body is damaged, or that of another request. */
  | 'body'
  | 'timeout';

/** What was asked for. */
export type Kind = 'get' | 'post' | 'slow' | 'stuck' | 'stream' | 'websocket';

/** One request, stream or WebSocket that has come to its end, one way or the other. */
export interface Entry {
  kind: Kind;
  method: string;
  path: string;
  /** When it was due: what it had to wait for before it could be sent counts. */
  dueMs: number;
  /** When it was sent: later, where this machine was busy. */
  sentMs: number;
  /** When its answer was due: when it was itself, but for those that take their time. */
  answerDueMs: number;
  endMs: number;
  replica: Replica | undefined;
  /** It was the first on its connection. */
  newConnection: boolean;
  /** What its connection had been through, if it was a kept one. */
  onKept?: History;
  /** Absent: answered. */
  loss?: { cause: Cause; detail: string; state: string | undefined };
  /** Still open when the load ended; closed by the client. */
  unfinished?: true;
  /** Answered, after SIGTERM, with another body than each time before. */
  unlike?: true;
}

/** An idle connection that the program closed. */
export interface Closure extends History {
  replica: Replica;
  atMs: number;
}

/** A request that is sent so long after it was due says more about the machine than about the service. */
const LATE_MS = 100;

/** What has become of everything that was sent to a replica. */
export interface Counts {
  answered: number;
  lost: number;
  /** Still open when the load ended. */
  open: number;
}

/** What the clients have seen. */
export class Ledger {
  readonly entries: Entry[] = [];
  sent = 0;
  answered = 0;
  lost = 0;
  /** Requests that were not sent when they were due, because the machine was busy, and the longest such delay. */
  readonly late = { count: 0, longestMs: 0 };
  readonly byReplica = new Map<Replica, Counts>();
  /** Answers that came after the replica's SIGTERM, on kept connections, and how many of them said close. */
  readonly farewells = new Map<Replica, { answers: number; close: number }>();

  /** Idle connections that the program closed without having said so. */
  readonly closures: Closure[] = [];
  /** For how long it says that it keeps an idle connection. */
  keepAliveMs: number | undefined;

  sentAfter(delayMs: number): void {
    if (delayMs < LATE_MS) return;
    this.late.count++;
    this.late.longestMs = Math.max(this.late.longestMs, delayMs);
  }

  settle(entry: Entry): void {
    this.entries.push(entry);
    const of = this.of(entry.replica);
    if (entry.loss !== undefined) {
      this.lost++;
      of.lost++;
    } else if (entry.unfinished === true) {
      of.open++;
    } else {
      this.answered++;
      of.answered++;
    }
  }

  of(replica: Replica | undefined): Counts {
    const counts = (replica && this.byReplica.get(replica)) ?? { answered: 0, lost: 0, open: 0 };
    if (replica === undefined) return counts;
    this.byReplica.set(replica, counts);
    return counts;
  }

  /** Of the requests that were answered since then, but for those that are slow on purpose, in milliseconds. */
  p99Since(ms: number): number {
    const latencies: number[] = [];
    for (let i = this.entries.length - 1; i >= 0; i--) {
      const entry = this.entries[i];
      if (entry === undefined || entry.endMs < ms) break;
      if (entry.loss === undefined && entry.kind !== 'slow' && entry.kind !== 'stuck')
        latencies.push(entry.endMs - entry.dueMs);
    }
    latencies.sort((a, b) => a - b);
    return latencies[Math.ceil(latencies.length * 0.99) - 1] ?? 0;
  }

  /** The program says that it closes connections that have been idle for so long; the shortest counts. */
  keepAlivePromised(ms: number): void {
    this.keepAliveMs = Math.min(ms, this.keepAliveMs ?? Infinity);
  }

  farewell(replica: Replica, close: boolean): void {
    const counts = this.farewells.get(replica) ?? { answers: 0, close: 0 };
    counts.answers++;
    if (close) counts.close++;
    this.farewells.set(replica, counts);
  }
}
