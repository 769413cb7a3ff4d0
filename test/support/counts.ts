import type { Counts } from '../../src/lastcall/lifecycle/tally.ts';

/** What a listener has counted: nothing, but for what is given. */
export function counts(
  connections: Partial<Counts['connections']> = {},
  requests: Partial<Counts['requests']> = {},
): Counts {
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
      left: 0,
      ...connections,
    },
    requests: { inFlight: 0, accepted: 0, answered: 0, aborted: 0, cut: 0, broken: 0, ...requests },
  };
}
