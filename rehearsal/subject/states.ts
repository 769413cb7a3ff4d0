/** What is known of a state, wherever the rehearsal has to know it. */
interface State {
  /** A process that speaks like the service logs it; the other states are what the rehearsal sees from outside. */
  logged?: true;
  /** Of a program that does not tell its states it is only known that it runs. */
  up?: true;
  /** The phase of a shutdown, by its name in the report of the process. */
  phase?: LeavingPhase;
  /** New connections are refused. */
  deaf?: true;
}

/** The parts of a shutdown, as a report names them. */
export type LeavingPhase = 'window' | 'drain' | 'cleanup' | 'finalScrape';

/** Every state of a replica, in the order of its life. */
const KNOWN = {
  pending: {},
  starting: { logged: true },
  running: { up: true },
  ready: { logged: true, up: true },
  'lame-duck': { logged: true, phase: 'window' },
  draining: { logged: true, phase: 'drain', deaf: true },
  cleanup: { logged: true, phase: 'cleanup', deaf: true },
  'final-scrape': { logged: true, phase: 'finalScrape', deaf: true },
  terminating: {},
  gone: {},
} as const satisfies Record<string, State>;

/** The name of a state that is known. */
export type StateName = keyof typeof KNOWN;

/** The last that a process logs, when it is about to be gone: as a state it is of no use. */
export const LAST_WORD = 'exited';

/** In the order of a life; what is not among them is the state of a program of its own kind. */
export const STATE_NAMES = Object.keys(KNOWN) as StateName[];

/** What is known of it; nothing of a state that only some other program has. */
export function traitsOf(state: string | undefined): State {
  return Object.hasOwn(KNOWN, state ?? '') ? KNOWN[state as StateName] : {};
}
