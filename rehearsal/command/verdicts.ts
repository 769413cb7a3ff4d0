import type { Plan } from '../plan.ts';
import type { Case } from '../show/case.ts';
import type { Result } from '../verdict/result.ts';

/** One rehearsal that was asked for: what it has found, or why it could not be run. */
export type Run = { plan: Plan } & (
  { result: Result; problem?: never } | { result?: never; problem: string }
);

/** The answer of the command to whoever called it, but for signals. */
export const EXIT = { passed: 0, failed: 1, error: 2 };

const STATUS: Record<Result['verdict'], Case['status']> = {
  'nothing-lost': 'passed',
  lost: 'failed',
  inconclusive: 'error',
};

/** `loss`: any; `unexpected`: one that some setting would have kept. */
export type FailOn = 'loss' | 'unexpected';

/** What a pipeline makes of it. */
export function caseOf({ plan, result, problem }: Run, failOn: FailOn): Case {
  const { scenario } = plan;
  if (result === undefined) return { scenario, status: 'error', problem };
  const forgiven = failOn === 'unexpected' && result.verdict === 'lost' && result.unexpected === 0;
  return { scenario, status: forgiven ? 'passed' : STATUS[result.verdict], result };
}

/** Of all that was asked for: what was lost weighs more than what could not be found out. */
export function worst(statuses: Case['status'][]): Case['status'] {
  return (['failed', 'error'] as const).find((status) => statuses.includes(status)) ?? 'passed';
}
