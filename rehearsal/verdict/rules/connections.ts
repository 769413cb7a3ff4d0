import { requestsOf } from '../../subject/process-report.ts';
import { farewells, replicasOf, sinceSigterm, windowMs } from '../departures.ts';
import { count, duration, extent, these } from '../format.ts';
import { afterSigterm, type Context, details, exitedBy, type Lost, type Rule } from './rule.ts';

export const isReset = ({ loss }: Lost) =>
  loss.cause === 'reset-new' || loss.cause === 'reset-kept' || loss.cause === 'broken';

/** A request that has waited for so long was being worked on, and did not cross a close on its way, on a busy machine either. */
export const WORKED_MS = 250;
/** Of a program whose answers never take less, a request need not have waited for that long. */
const SLOW_MS = 20;

/** Not one that crossed a close on its way. */
export const hasBeenWorkedOn = ({ sentMs, endMs }: Lost, { usualMs }: Context) =>
  endMs - sentMs >= (usualMs < SLOW_MS ? WORKED_MS : Math.min(WORKED_MS, usualMs / 4));

/** Of answers that broke off, what the processes say themselves. */
const admitted = (entries: Lost[]) => {
  const known = replicasOf(entries).reduce((sum, { report }) => sum + requestsOf(report, 'broken'), 0);
  return known === 0 ? '' : `; the processes know of ${known} answers that they broke off`;
};

/** How connections end that replicas leave behind. */
export const CONNECTIONS: Record<string, Rule> = {
  brokenOff: {
    fits: (entry) => entry.loss.cause === 'broken' && afterSigterm(entry),
    explain: (entries) => {
      const lasting = entries.every(({ kind }) => kind === 'stream' || kind === 'websocket');
      const what = lasting
        ? these(entries, 'stream or WebSocket was', 'streams and WebSockets were')
        : these(entries, 'answer was', 'answers were');
      return {
        text: `${what} broken off half-way, ${sinceSigterm(entries)} after SIGTERM (${details(entries)})${admitted(entries)}.`,
        advice: lasting
          ? 'End a stream with its last chunk and a WebSocket with close code 1001, so that clients know and come back.'
          : 'Finish every answer that has begun, before its connection or the process ends.',
      };
    },
  },

  unanswered: {
    fits: (entry, context) =>
      afterSigterm(entry) &&
      (entry.loss.cause === 'reset-new' ||
        (entry.loss.cause === 'reset-kept' && hasBeenWorkedOn(entry, context))),
    explain: (entries) => {
      const [, longest] = extent(entries.map(({ sentMs, endMs }) => endMs - sentMs));
      const ended = entries.filter(exitedBy).length > entries.length / 2;
      return {
        text:
          `${these(entries, 'request that had', 'requests that had')} been accepted got no answer: after up to ` +
          `${duration(longest)} ${ended ? 'the process ended' : 'the connection was closed'}, ` +
          `${sinceSigterm(entries)} after SIGTERM (${details(entries)})${admitted(entries)}.`,
        advice:
          'Answer what has been accepted before the connection or the process ends: wait for what is in flight, with a limit.',
      };
    },
  },

  kept: {
    fits: (entry) => entry.loss.cause === 'reset-kept' && afterSigterm(entry),
    explain: (entries, { ledger }) => {
      const replicas = replicasOf(entries);
      const when =
        `${these(entries, 'request', 'requests')} met a connection that was closed under them, ` +
        `${sinceSigterm(entries)} after SIGTERM`;
      if (replicas.every(({ exit }) => exit?.signal === 'SIGTERM')) {
        return {
          text: `${when}: SIGTERM ended the program at once.`,
          advice:
            'Start the program itself, not npm or a shell, which do not pass the signal on; let it handle SIGTERM and go on ' +
            'serving until nobody comes any more.',
          setting: 'SIGTERM',
        };
      }
      const { answers, close } = farewells(replicas, ledger.farewells);
      if (close < answers / 2) {
        return {
          text: `${when}: of ${count(answers)} answers on kept connections since then, ${count(close)} had said Connection: close.`,
          advice:
            'Say Connection: close in every answer from SIGTERM on, and go on serving while clients move on.',
          setting: 'Connection: close',
        };
      }
      if (replicas.some((replica) => windowMs(replica) !== undefined)) {
        return {
          text: `${when}: they had been idle for longer than the window and the minimum idle time.`,
          advice: 'Set SHUTDOWN_KEEP_ALIVE_MIN_IDLE, or SHUTDOWN_WINDOW, to more than clients pause.',
          setting: 'SHUTDOWN_KEEP_ALIVE_MIN_IDLE',
        };
      }
      const said =
        answers === 0
          ? ''
          : ` (${count(close)} of ${count(answers)} answers since then said Connection: close)`;
      return entries.filter(exitedBy).length > entries.length / 2
        ? {
            text: `${when}: they had been idle, and the process ended before their clients could hear of it${said}.`,
            advice: 'Go on serving for longer than clients pause between two requests, and end only then.',
            setting: IDLE,
          }
        : { text: `${when}: it closed those that were idle at once${said}.`, ...IDLE_ADVICE };
    },
  },
};

/** What decides when idle connections end. */
export const IDLE = 'idle connections';
export const IDLE_ADVICE = {
  advice:
    'Leave idle connections open until the endpoint is gone: a request may be on its way. Their next answer can say ' +
    'Connection: close.',
  setting: IDLE,
};
