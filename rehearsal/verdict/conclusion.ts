import type { Ledger } from '../load/ledger.ts';
import type { Facts } from './facts.ts';
import { counted, duration, percent } from './format.ts';
import type { Conclusion } from './result.ts';
import { isOfTheMachine } from './rules/background.ts';
import type { Lost } from './rules/rule.ts';

/** Share of requests that were sent late from which on it is the machine that was measured. */
const TOO_MANY_LATE = 0.3;

/** Neither latencies nor losses are those of the program. */
export const isTooLate = ({ late, sent }: Ledger) => late.count > TOO_MANY_LATE * sent;

/** What the rehearsal says of the program; nothing where it was this machine that could not do what was asked. */
export function conclusionOn({ ledger }: Facts, lost: Lost[]): Conclusion {
  const { late, sent } = ledger;
  const machine = lost.filter(isOfTheMachine);
  if (isTooLate(ledger)) {
    return {
      verdict: 'inconclusive',
      why:
        `this machine sent ${percent(late.count / sent)} of the requests late, by up to ${duration(late.longestMs)}: ` +
        'it was not the load that was asked for',
    };
  }
  if (machine.length > 0 && machine.length === lost.length) {
    return {
      verdict: 'inconclusive',
      why: `this machine could not send ${counted(machine.length, 'request')}: it was out of ports, files or memory`,
    };
  }
  return { verdict: lost.length > 0 ? 'lost' : 'nothing-lost' };
}
