import { type Counts, noCounts } from '../../src/lastcall/lifecycle/tally.ts';

/** What a listener has counted: nothing, but for what is given. */
export function counts(
  connections: Partial<Counts['connections']> = {},
  requests: Partial<Counts['requests']> = {},
): Counts {
  const none = noCounts();
  return {
    connections: { ...none.connections, ...connections },
    requests: { ...none.requests, ...requests },
  };
}
