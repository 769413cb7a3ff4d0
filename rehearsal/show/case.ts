import type { Result } from '../verdict/result.ts';

/** A scenario as a pipeline sees it. */
export interface Case {
  scenario: string;
  /** `error`: it could not be run, or says nothing. */
  status: 'passed' | 'failed' | 'error';
  /** Absent: it could not be run, and `problem` says why. */
  result?: Result;
  problem?: string;
}
