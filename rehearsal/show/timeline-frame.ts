import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { moment } from '../verdict/format.ts';
import type { Result, Slice } from '../verdict/result.ts';
import { type Markup, markup } from './markup.ts';

/** What all panels of a timeline share: the axis of time, and where the plot is. */
export interface Frame {
  /** Milliseconds to pixels; what is outside is put on the edge. */
  x: ScaleLinear<number, number>;
  left: number;
  right: number;
  endMs: number;
}

/** A part of the timeline, drawn from y = 0 down. */
export interface Panel {
  height: number;
  content: Markup;
}

/** Of the drawing, in its own units. */
export const WIDTH = 1120;
const LEFT = 128;
const RIGHT = 78;

/** Until the load and the last replica have ended. */
export function endOfTime({ durationMs, replicas }: Result): number {
  return Math.max(durationMs, 1, ...replicas.map(({ exit }) => exit?.atMs ?? 0));
}

export function frame(endMs: number): Frame {
  const [left, right] = [LEFT, WIDTH - RIGHT];
  return { x: scaleLinear([0, endMs], [left, right]).clamp(true), left, right, endMs };
}

/** One more, at the end of the last: a step is drawn from each slice to the next. */
export function withEnd(timeline: Slice[]): Slice[] {
  const last = timeline.at(-1);
  return last === undefined
    ? []
    : [...timeline, { ...last, fromMs: last.toMs, toMs: 2 * last.toMs - last.fromMs }];
}

const TICKS = 10;

/** Lines at the ticks, behind the panels. */
export function grid({ x }: Frame, height: number): Markup {
  return markup`${x.ticks(TICKS).map((ms) => markup`<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="0" y2="${height}"/>`)}`;
}

/** Seconds, below the panels. */
export function axis({ x, endMs }: Frame): Panel {
  const seconds = x.tickFormat(TICKS);
  const step = (x.ticks(TICKS)[1] ?? endMs) - (x.ticks(TICKS)[0] ?? 0);
  const label = (ms: number) => (step < 1000 ? moment(ms) : `${seconds(ms / 1000)} s`);
  return {
    height: 22,
    content: markup`${x.ticks(TICKS).map((ms) => markup`<text class="tick" x="${x(ms)}" y="14" text-anchor="middle">${label(ms)}</text>`)}`,
  };
}

/** The name of a panel, in its margin. */
export function caption(text: string, unit: string, y = 12): Markup {
  return markup`<text class="caption" x="0" y="${y}">${text}</text><text class="unit" x="0" y="${y + 13}">${unit}</text>`;
}
