import { wholeSeconds } from '../verdict/format.ts';
import type { WindowSearch } from '../window-search.ts';

/** Beyond the smallest window that was found: a real cluster has worse moments than those that were rehearsed. */
const SPARE_MS = 1000;

/** What a search for the window has found, for a terminal. */
export function searchSummary({ windowMs, tries, endpointLagMs, jitter }: WindowSearch): string {
  const rows = [...tries]
    .sort((a, b) => a.windowMs - b.windowMs)
    .map(
      ({ windowMs: tried, lost }) =>
        `  ${String(tried).padStart(6)} ms  ${lost === 0 ? 'nothing lost' : `${lost} lost`}`,
    );
  return [
    `The smallest window that loses nothing is ${windowMs} ms, with endpoints that are removed after ` +
      `${endpointLagMs} ms ± ${Math.round(jitter * 100)} %.`,
    `Set SHUTDOWN_WINDOW to ${wholeSeconds(windowMs + SPARE_MS)}: that leaves a second for worse moments.`,
    '',
    ...rows,
  ].join('\n');
}
