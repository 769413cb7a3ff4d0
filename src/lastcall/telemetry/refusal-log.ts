import type { Logger } from 'pino';
import type { ConnectionRefusal } from '../listener/refusal.ts';

/** In a flood, lines are load of their own; the metrics count each. */
const LINE_EVERY_MS = 1000;

/** Why somebody was turned away: a reason of a connection, its client that did not read, or the status of the answer. */
type Reason = ConnectionRefusal | 'stalled' | number;

const WORDS: Record<Exclude<Reason, number>, string> = {
  descriptors: 'for want of descriptors',
  limit: 'above MAX_CONNECTIONS',
  handshake: 'without a TLS handshake',
  stalled: 'that did not read',
};
/** What an operator can do something about. */
const WARNED: Reason[] = ['descriptors', 'limit'];

/** Says whom a listener turns away, in one line a second at most: the first at once, then how many there were since. */
export function refusalLog(logger: Logger, listener: string): (reason: Reason) => void {
  let counts = new Map<Reason, number>();
  let saidAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const say = () => {
    timer = undefined;
    saidAt = performance.now();
    const level = WARNED.some((reason) => counts.has(reason)) ? 'warn' : 'info';
    const words = [...counts].map(
      ([reason, count]) => `${count} ${typeof reason === 'number' ? `with ${reason}` : WORDS[reason]}`,
    );
    const refused = Object.fromEntries(counts);
    counts = new Map();
    logger[level]({ event: 'refused', listener, refused }, `${listener} turned away ${words.join(', ')}`);
  };
  return (reason) => {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const waitMs = saidAt + LINE_EVERY_MS - performance.now();
    if (waitMs <= 0 && timer === undefined) say();
    else timer ??= setTimeout(say, waitMs).unref();
  };
}
