import type { Facts } from './facts.ts';
import { farewells, names, removalMs } from './departures.ts';
import { count, counted, duration, range } from './format.ts';
import type { Warning } from './result.ts';
import {
  cameOfTheEnd,
  closingHabit,
  closuresWithoutCause,
  keepAliveSetting,
  saidOf,
} from './rules/closing.ts';
import { IDLE_ADVICE } from './rules/connections.ts';

/** Answers after SIGTERM from which on it says something that they do not say close. */
const ENOUGH_ANSWERS = 20;
/** So many connections that are closed are no coincidence. */
const ENOUGH_CLOSURES = 5;
/** What load balancers of clouds, and proxies, keep an idle connection for. */
const BALANCER_MS = 60_000;

/** What a program does to kept connections that costs nothing here, where no packet takes time, and does elsewhere. */
export function connectionWarnings(facts: Facts): Warning[] {
  return [silence(facts), idleClosed(facts), habit(facts)].filter((warning) => warning !== undefined);
}

function silence({ cluster, ledger }: Facts): Warning | undefined {
  const { answers, close } = farewells(cluster.replicas, ledger.farewells);
  if (answers < ENOUGH_ANSWERS || close >= answers / 2) return undefined;
  return {
    text: `Of ${answers} answers on kept connections after SIGTERM, ${close} said Connection: close.`,
    advice: 'Without it, keep-alive clients stay until the connection is closed under them.',
    setting: 'Connection: close',
  };
}

/** Idle connections that were closed while balancers still sent requests to their replica. */
function idleClosed({ ledger }: Facts): Warning | undefined {
  const hasty = ledger.closures.filter((closure) => {
    const { replica, atMs } = closure;
    const { sigtermAtMs = Infinity } = replica;
    return atMs >= sigtermAtMs && atMs < sigtermAtMs + removalMs(replica) && !cameOfTheEnd(closure);
  });
  if (hasty.length < ENOUGH_CLOSURES) return undefined;
  const replicas = [...new Set(hasty.map(({ replica }) => replica))];
  const after = range(hasty.map(({ atMs, replica }) => atMs - (replica.sigtermAtMs ?? atMs)));
  return {
    text:
      `${counted(hasty.length, 'idle connection')} of ${names(replicas)} were closed ${after} after SIGTERM, while it still was ` +
      'an endpoint: over a network, requests that are on their way to them are lost.',
    ...IDLE_ADVICE,
  };
}

/** Connections that are closed without a word, or sooner than a load balancer would. */
function habit(facts: Facts): Warning | undefined {
  const { ledger, plan } = facts;
  const closures = closuresWithoutCause(facts);
  const found = closingHabit(closures);
  if (found !== undefined && 'answers' in found) {
    return saidOf(
      found,
      `The program closed ${count(closures.length)} kept connections that were to stay`,
      plan,
    );
  }
  const seenMs = found?.idleMs ?? Infinity;
  const saidMs = ledger.keepAliveMs ?? Infinity;
  const ms = Math.min(seenMs, saidMs);
  if (ms >= BALANCER_MS) return undefined;
  return {
    text:
      `The program closes connections that have been idle for ${duration(ms)}${saidMs <= seenMs ? ', as its Keep-Alive header says' : ''}: ` +
      'a load balancer that keeps them for longer, often 60 s, now and then sends a request into that close, and answers 502. ' +
      'Here, where nothing takes time, that is hardly seen.',
    advice:
      'Make its keep-alive time-out longer than that of the load balancer in front of it, as 65 s for 60 s.',
    setting: keepAliveSetting(plan),
  };
}
