import type { Report } from '../../src/lifecycle/report.ts';

/** The phases of a shutdown, as a report names them, by the state that a process is in meanwhile. */
export const PHASES = {
  'lame-duck': 'window',
  draining: 'drain',
  cleanup: 'cleanup',
  'final-scrape': 'finalScrape',
} as const;

export type LeavingPhase = (typeof PHASES)[keyof typeof PHASES];

/** The report of a process, which may be of another version than this: what is newer may be missing. */
export type ProcessReport = Report & {
  /** How late its event loop was at most in each phase, in milliseconds. */
  lateMs?: Partial<Record<LeavingPhase, number>>;
};

/** Answers that the process itself broke off since its SIGTERM; 0 if its report does not say. */
export function brokenOf({ listeners }: ProcessReport): number {
  return listeners.reduce((sum, { requests }) => sum + ((requests as { broken?: number }).broken ?? 0), 0);
}
