import type { History } from '../../load/keep-alive-client.ts';
import type { Closure } from '../../load/ledger.ts';
import type { Plan } from '../../plan.ts';
import type { Facts } from '../facts.ts';
import { count, duration, extent } from '../format.ts';
import type { Finding } from '../result.ts';
import { isOurs } from './rule.ts';

/** When a program closes connections that are kept, without having said so. */
export type ClosingHabit =
  /** After so many answers. */
  | { answers: number }
  /** After it has been idle for so long. */
  | { idleMs: number };

/** Fewer say nothing about how many answers a connection gets. */
const ENOUGH = 5;
/** Share of them that has to be alike. */
const MOST = 0.8;
/** What is closed sooner has not been idle. */
const IDLE_MS = 100;
/** What ends so long before a process is known to have ended came of that. */
const AROUND_MS = 1000;

/** Idle connections that were closed although their replica was to stay. */
export function closuresWithoutCause({ ledger }: Pick<Facts, 'ledger'>): Closure[] {
  return ledger.closures.filter((closure) => {
    const { sigtermAtMs = Infinity, killed } = closure.replica;
    const wasRestarted = killed === 'crash' || killed === 'liveness';
    return closure.atMs < sigtermAtMs && !wasRestarted && !cameOfTheEnd(closure);
  });
}

/** Whether it was the end of the process that closed it. */
export function cameOfTheEnd({ replica: { exit, outages }, atMs }: Closure): boolean {
  const ends = [exit?.atMs, ...outages.map(({ fromMs }) => fromMs)];
  return ends.some((ms) => ms !== undefined && Math.abs(atMs - ms) < AROUND_MS);
}

/** Undefined: there are none, or they are of all kinds. */
export function closingHabit(closed: History[]): ClosingHabit | undefined {
  const counts = new Map<number, number>();
  for (const { answers } of closed) counts.set(answers, (counts.get(answers) ?? 0) + 1);
  const [answers, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
  const [shortest, longest] = extent(closed.map(({ idleMs }) => idleMs));
  const isIdle = shortest >= IDLE_MS;
  const isOneTime = longest <= 1.5 * shortest + IDLE_MS;
  if (closed.length >= ENOUGH && most >= MOST * closed.length && !(isIdle && isOneTime)) return { answers };
  return closed.length > 0 && isIdle ? { idleMs: shortest } : undefined;
}

/** @param met what came of it, without its full stop */
export function saidOf(
  habit: ClosingHabit | undefined,
  met: string,
  plan: Plan,
): Pick<Finding, 'text' | 'advice' | 'setting'> {
  if (habit !== undefined && 'answers' in habit) {
    return {
      text: `${met}: it closes each after ${count(habit.answers)} answers, and does not say so in the last of them.`,
      advice:
        'Say Connection: close in the last answer of a connection, or let the program keep it for as many as come.',
      setting: 'requests per connection',
    };
  }
  const idle = habit === undefined ? '' : `, which had been idle for ${duration(habit.idleMs)} or more`;
  return {
    text: `${met}${idle}.`,
    advice:
      'Is its keep-alive time-out shorter than clients pause? Make it longer than that of the load balancer, ' +
      'which is often 60 s.',
    setting: keepAliveSetting(plan),
  };
}

/** The name of the time-out of idle connections. */
export function keepAliveSetting(plan: Plan): string {
  return isOurs(plan) ? 'KEEP_ALIVE_TIMEOUT' : 'keep-alive time-out';
}
