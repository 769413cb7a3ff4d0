import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import sliceAnsi from 'slice-ansi';
import type { Observer, Snapshot } from '../observer.ts';
import type { StateName } from '../subject/states.ts';
import { count, duration, moment } from '../verdict/format.ts';

type Style = Parameters<typeof styleText>[0];

/** Ends the display; what it has shown last stays. */
type Display = Observer & { stop(): void };

/** Shows a rehearsal while it runs: redrawn in place on a terminal, line by line elsewhere. */
export function progressDisplay(stream: NodeJS.WriteStream): Display {
  return stream.isTTY ? live(stream) : plain(stream);
}

/** A line for each event, and one of totals at most this often. */
const TOTALS_EVERY_MS = 5000;

function plain(stream: NodeJS.WriteStream): Display {
  let nextTotalsMs = 0;
  const rate = ratemeter();
  const line = (atMs: number, text: string) => stream.write(`${moment(atMs).padStart(8)}  ${text}\n`);
  return {
    event: line,
    progress: (snapshot) => {
      const perSecond = rate(snapshot);
      if (snapshot.elapsedMs < nextTotalsMs) return;
      nextTotalsMs = snapshot.elapsedMs + TOTALS_EVERY_MS;
      line(snapshot.elapsedMs, `${snapshot.step}: ${totals(snapshot, perSecond)}`);
    },
    stop: () => undefined,
  };
}

/** How many events are shown. */
const EVENTS = 4;
/** Nobody reads faster. */
const FRAME_MS = 80;

function live(stream: NodeJS.WriteStream): Display {
  const colour = stream.hasColors?.() ?? false;
  const paint = (style: Style, text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const update = createLogUpdate(stream);
  const rate = ratemeter();
  const bars = new Bars(paint);
  const events: string[] = [];
  let latest: Snapshot | undefined;
  let perSecond = 0;
  let height = 0;
  let drawnAtMs = -Infinity;

  const draw = () => {
    const columns = stream.columns || 80;
    const lines = [
      ...events.map((event) => paint('dim', event)),
      ...(latest === undefined ? [] : bars.lines(latest, columns)),
      ...(latest === undefined ? [] : footer(latest, perSecond, paint)),
    ].map((line) => sliceAnsi(line, 0, columns - 1));
    // log-update 7 loses a line when lines come between others: it starts anew then.
    if (lines.length !== height) update.clear();
    height = lines.length;
    update(lines.join('\n'));
  };

  return {
    event: (atMs, text) => {
      events.push(`${moment(atMs).padStart(8)}  ${text}`);
      if (events.length > EVENTS) events.shift();
      draw();
    },
    progress: (snapshot) => {
      perSecond = rate(snapshot);
      latest = snapshot;
      bars.add(snapshot);
      if (snapshot.elapsedMs - drawnAtMs < FRAME_MS) return;
      drawnAtMs = snapshot.elapsedMs;
      draw();
    },
    stop: () => {
      draw();
      update.done();
    },
  };
}

function footer(
  snapshot: Snapshot,
  perSecond: number,
  paint: (style: Style, text: string) => string,
): string[] {
  const said = totals(snapshot, perSecond);
  return [
    paint('bold', `${moment(snapshot.elapsedMs).padStart(8)}  ${snapshot.step}`),
    `${' '.repeat(10)}${snapshot.lost > 0 ? said.replace(/[\d,]+ lost/, (lost) => paint('red', lost)) : said}`,
  ];
}

function totals({ answered, lost, inFlight, p99 }: Snapshot, perSecond: number): string {
  return [
    `${count(answered)} answered`,
    `${count(lost)} lost`,
    `${count(inFlight)} in flight`,
    `${count(perSecond)}/s`,
    `p99 ${duration(p99)}`,
  ].join(', ');
}

/** Answers per second, over the last second. */
function ratemeter(): (snapshot: Snapshot) => number {
  const seen: { elapsedMs: number; answered: number }[] = [];
  return ({ elapsedMs, answered }) => {
    seen.push({ elapsedMs, answered });
    while (seen.length > 2 && (seen[1]?.elapsedMs ?? 0) <= elapsedMs - 1000) seen.shift();
    const [first] = seen;
    if (first === undefined || first.elapsedMs === elapsedMs) return 0;
    return Math.round(((answered - first.answered) * 1000) / (elapsedMs - first.elapsedMs));
  };
}

/** Each state has its own character, for those who see no colours. */
const LOOKS: Record<StateName, { block: string; style: Style }> = {
  pending: { block: '·', style: 'gray' },
  starting: { block: '░', style: 'gray' },
  running: { block: '█', style: 'green' },
  ready: { block: '█', style: 'green' },
  'lame-duck': { block: '▓', style: 'yellow' },
  draining: { block: '▒', style: 'magenta' },
  cleanup: { block: '▪', style: 'blue' },
  'final-scrape': { block: '▫', style: 'cyan' },
  terminating: { block: '▓', style: 'yellow' },
  gone: { block: ' ', style: 'dim' },
};
const UNKNOWN_STATE = { block: '?', style: 'gray' } as const;

function lookOf(state: string): { block: string; style: Style } {
  return Object.hasOwn(LOOKS, state) ? LOOKS[state as StateName] : UNKNOWN_STATE;
}

/** The longest bar; a narrow terminal has less. */
const BAR = 40;
/** What else is in the line of a replica: its name, state, time, and counts. */
const OTHERS = 52;

/** A line for each replica: what it has been until now as a bar, what it is, since when, and its counts. */
class Bars {
  readonly #paint: (style: Style, text: string) => string;
  readonly #states = new Map<string, { state: string; fromMs: number }[]>();

  constructor(paint: (style: Style, text: string) => string) {
    this.#paint = paint;
  }

  add({ replicas }: Snapshot): void {
    for (const { name, state, sinceMs } of replicas) {
      const past = this.#states.get(name) ?? [];
      this.#states.set(name, past);
      if (past.at(-1)?.state !== state) past.push({ state, fromMs: sinceMs });
    }
  }

  lines({ replicas, elapsedMs }: Snapshot, columns: number): string[] {
    const width = Math.min(BAR, Math.max(0, columns - OTHERS));
    return replicas.map(({ name, state, sinceMs, answered, lost }) => {
      const { style } = lookOf(state);
      const facts = [
        this.#paint(style, state.padEnd(12)),
        duration(elapsedMs - sinceMs).padStart(7),
        count(answered).padStart(8),
        lost > 0 ? this.#paint('red', `${count(lost)} lost`) : '',
      ];
      return `${name.padEnd(8)} ${this.#bar(name, elapsedMs, width)} ${facts.join(' ')}`;
    });
  }

  /** All of the time until now in `width` characters, at least half a second each. */
  #bar(name: string, elapsedMs: number, width: number): string {
    const past = this.#states.get(name) ?? [];
    const step = Math.max(500, elapsedMs / width);
    const cells = Array.from({ length: width }, (_, i) => {
      const state = past.findLast(({ fromMs }) => fromMs <= i * step)?.state;
      if (state === undefined || i * step > elapsedMs) return ' ';
      const { block, style } = lookOf(state);
      return this.#paint(style, block);
    });
    return cells.join('');
  }
}
