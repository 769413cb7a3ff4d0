/** What a listener has counted since it exists, at one moment. */
export interface Counts {
  connections: {
    open: number;
    accepted: number;
    closed: number;
    idle: number;
    upgraded: number;
    cut: number;
    broken: number;
    refused: number;
    stalled: number;
    left: number;
  };
  requests: {
    inFlight: number;
    accepted: number;
    answered: number;
    aborted: number;
    cut: number;
    broken: number;
  };
}

/** Of a listener that has counted nothing yet. */
export function noCounts(): Counts {
  return {
    connections: {
      open: 0,
      accepted: 0,
      closed: 0,
      idle: 0,
      upgraded: 0,
      cut: 0,
      broken: 0,
      refused: 0,
      stalled: 0,
      left: 0,
    },
    requests: { inFlight: 0, accepted: 0, answered: 0, aborted: 0, cut: 0, broken: 0 },
  };
}

/** What happened since the signal, with the lifetime counts that it was derived from. */
export interface Tally {
  connections: {
    /** Open when the signal came. */
    atSignal: number;
    /** Ended after an answer that said close. */
    closed: number;
    /** Ended by us after the minimum idle time, or the keep-alive time-out. */
    idle: number;
    /** Upgraded sockets that ended by themselves. */
    upgraded: number;
    cut: number;
    /** Ended by us under the client: in the middle of an answer, or while something it sent was on its way. */
    broken: number;
    /** Closed as soon as they were accepted: descriptors were about to run out, or the most were open that may be. */
    refused: number;
    /** Ended by us because the client took nothing of what was sent. */
    stalled: number;
    /** Ended by the client before any of this. */
    left: number;
    lifetime: Counts['connections'];
  };
  requests: {
    inFlightAtSignal: number;
    /** Answered in the window. */
    served: number;
    /** Answered after the window. */
    drained: number;
    /** Given up by the client. */
    aborted: number;
    cut: number;
    /** Without an answer, or with half of one, because we broke their connection. */
    broken: number;
    lifetime: Counts['requests'];
  };
  /** Over the whole life: accepted = every way to end + still open, for requests and for connections. */
  conserved: boolean;
}

/** `atSignal` and `atDrain` are the counts when the signal came and when the window ended; undefined: not yet. */
export function tally(now: Counts, atSignal: Counts | undefined, atDrain: Counts | undefined): Tally {
  const { connections, requests } = now;
  const before = atSignal ?? now;
  const windowEnd = atDrain ?? now;
  return {
    connections: {
      atSignal: atSignal?.connections.open ?? 0,
      closed: connections.closed - before.connections.closed,
      idle: connections.idle - before.connections.idle,
      upgraded: connections.upgraded - before.connections.upgraded,
      cut: connections.cut - before.connections.cut,
      broken: connections.broken - before.connections.broken,
      refused: connections.refused - before.connections.refused,
      stalled: connections.stalled - before.connections.stalled,
      left: connections.left - before.connections.left,
      lifetime: connections,
    },
    requests: {
      inFlightAtSignal: atSignal?.requests.inFlight ?? 0,
      served: windowEnd.requests.answered - before.requests.answered,
      drained: requests.answered - windowEnd.requests.answered,
      aborted: requests.aborted - before.requests.aborted,
      cut: requests.cut - before.requests.cut,
      broken: requests.broken - before.requests.broken,
      lifetime: requests,
    },
    conserved: balances(connections) && balances(requests),
  };
}

function balances({ accepted, ...rest }: Record<string, number> & { accepted: number }): boolean {
  return accepted === Object.values(rest).reduce((sum, count) => sum + count, 0);
}
