import { area, curveStepAfter } from 'd3-shape';
import type { Span, StateSpan } from '../cluster/life.ts';
import { STATE_NAMES, traitsOf } from '../subject/states.ts';
import { count, duration, moment } from '../verdict/format.ts';
import type { Loss, ReplicaResult, Result, Slice } from '../verdict/result.ts';
import { endOf } from './digest.ts';
import { type Markup, markup } from './markup.ts';
import { type Frame, type Panel, withEnd } from './timeline-frame.ts';
import { lossMarks } from './timeline-losses.ts';

/** States that have a colour of their own; any other is drawn as one that is not known. */
export const DRAWN_STATES: string[] = STATE_NAMES.filter((state) => state !== 'gone');

/** Heights: of the answers above a bar, of the bar, and of what is below it until the next row. */
const SPARK = 16;
const BAR = 15;
const BELOW = 17;
/** About what a letter of a label in a bar takes. */
const LETTER = 6.3;

/** A row for each replica, and one for what no replica was there for. */
export function replicaRows(result: Result, frame: Frame): Panel {
  const { replicas, losses, timeline, settings } = result;
  const names = new Set(replicas.map(({ name }) => name));
  const homeless = losses.filter(({ replica }) => replica === undefined || !names.has(replica));
  const most = Math.max(1, ...timeline.flatMap(({ answered }) => Object.values(answered)));
  const rows = replicas.map((replica) => {
    const own = losses.filter((loss) => loss.replica === replica.name);
    return replicaRow(replica, own, { frame, timeline, most, stopSignal: settings.stopSignal });
  });
  if (homeless.length > 0) rows.push(homelessRow(homeless, frame));
  let y = 0;
  const placed = rows.map(({ height, content }) => {
    const at = y;
    y += height;
    return markup`<g transform="translate(0 ${at})">${content}</g>`;
  });
  return { height: y, content: markup`${placed}` };
}

interface Shared {
  frame: Frame;
  timeline: Slice[];
  /** Answers of one replica in one slice: the height of the sparklines. */
  most: number;
  stopSignal: string;
}

function replicaRow(
  replica: ReplicaResult,
  losses: Loss[],
  { frame, timeline, most, stopSignal }: Shared,
): Panel {
  const marks = lossMarks(losses, frame);
  const top = Math.max(SPARK, marks.height + 3);
  const lost = replica.lost > 0 && markup`, <tspan class="bad">${count(replica.lost)} lost</tspan>`;
  const content = markup`
    <text class="name" x="0" y="${top + 4}">${shortened(replica.name)}<title>${replica.name}</title></text>
    <text class="unit" x="0" y="${top + 17}">${count(replica.answered)}${lost}</text>
    <g transform="translate(0 ${top})">
      ${sparkline(replica, timeline, most, frame)}
      ${replica.states.map((span) => segment(span, frame))}
      ${replica.stalls?.map((span) => stall(span, frame))}
      ${replica.inRotation.map((span) => rotation(span, replica, frame))}
      ${signals(replica, frame, stopSignal)}
      <g transform="translate(0 -1)">${marks.content}</g>
    </g>`;
  return { height: top + BAR + BELOW, content: markup`<g class="replica">${content}</g>` };
}

function shortened(name: string): string {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}

function sparkline({ name }: ReplicaResult, timeline: Slice[], most: number, { x }: Frame): Markup {
  const slices = withEnd(timeline);
  const answered = (slice: Slice | undefined) => slice?.answered[name] ?? 0;
  const path = area<Slice>()
    // One slice more, so that a step has its end.
    .defined((slice, i) => answered(slice) > 0 || answered(slices[i - 1]) > 0)
    .x0(({ fromMs }) => x(fromMs))
    .x1(({ fromMs }) => x(fromMs))
    .y0(-1)
    .y1((slice) => -1 - (answered(slice) / most) * (SPARK - 2))
    .curve(curveStepAfter)
    .digits(1);
  return markup`<path class="spark" d="${path(slices) ?? ''}"/>`;
}

function segment({ state, fromMs, toMs }: StateSpan, { x }: Frame): Markup | undefined {
  // Before the axis begins there is nothing to see.
  if (toMs <= 0) return undefined;
  const width = x(toMs) - x(fromMs);
  const known = DRAWN_STATES.includes(state) ? state : 'else';
  const label =
    state.length * LETTER + 10 < width &&
    markup`<text class="state-label on-${known}" x="${x(fromMs) + 6}" y="${BAR - 4}">${state}</text>`;
  const title = `${state} for ${duration(toMs - fromMs)}, from ${moment(fromMs)} to ${moment(toMs)}`;
  return markup`<g><title>${title}</title><rect class="state ${known}" x="${x(fromMs)}" width="${Math.max(1, width)}" y="0" height="${BAR}"/>${label}</g>`;
}

/** Over the state that it was in. */
function stall({ fromMs, toMs }: Span, { x }: Frame): Markup {
  const title = `No CPU for ${duration(toMs - fromMs)}, from ${moment(fromMs)} to ${moment(toMs)}`;
  return markup`<rect class="stall" x="${x(fromMs)}" width="${Math.max(1, x(toMs) - x(fromMs))}" y="3" height="${BAR - 6}"><title>${title}</title></rect>`;
}

/** From when nobody listens there any more. */
function deafFrom({ states, exit }: ReplicaResult): number {
  return states.find(({ state }) => traitsOf(state).deaf === true)?.fromMs ?? exit?.atMs ?? Infinity;
}

/** Whether balancers sent requests there when nobody listened any more. */
export function isDeaf(replica: ReplicaResult): boolean {
  return replica.inRotation.some(({ toMs }) => toMs > deafFrom(replica));
}

/** A line while balancers send requests here; in the colour of losses from when nobody listens any more. */
function rotation(span: Span, replica: ReplicaResult, { x }: Frame): Markup[] {
  const { fromMs, toMs } = span;
  const deafMs = deafFrom(replica);
  const title = `Endpoint of the Service from ${moment(fromMs)} to ${moment(toMs)}`;
  const parts = [
    { from: fromMs, to: Math.min(toMs, deafMs), look: 'rotation' },
    { from: Math.max(fromMs, deafMs), to: toMs, look: 'rotation deaf' },
  ];
  return parts
    .filter(({ from, to }) => to > Math.max(from, 0))
    .map(
      ({ from, to, look }) =>
        markup`<rect class="${look}" x="${x(from)}" width="${Math.max(1, x(to) - x(from))}" y="${BAR + 3}" height="3" rx="1.5"><title>${title}</title></rect>`,
    );
}

function signals(replica: ReplicaResult, { x, endMs }: Frame, stopSignal: string): Markup {
  const { sigtermAtMs, exit } = replica;
  const sigterm =
    sigtermAtMs !== undefined &&
    markup`<g><title>${stopSignal} at ${moment(sigtermAtMs)}</title><path class="sigterm" d="M${x(sigtermAtMs)} ${BAR}V-6l-4.5 -6h9l-4.5 6"/></g>`;
  if (exit === undefined || exit.atMs > endMs) return markup`${sigterm}`;
  const end = x(exit.atMs);
  const how = endOf(replica) ?? '';
  const bad = exit.code !== 0;
  const mark =
    exit.signal === null ? `M${end} -3V${BAR + 3}` : `M${end - 5} ${BAR / 2 - 5}l10 10m0 -10l-10 10`;
  return markup`${sigterm}<g><title>Ended at ${moment(exit.atMs)}: ${how}</title><path class="exit ${bad && 'bad-line'}" d="${mark}"/><text class="${bad ? 'end bad' : 'end'}" x="${end + 8}" y="${BAR - 4}">${exit.signal ?? `exit ${exit.code}`}</text></g>`;
}

function homelessRow(losses: Loss[], frame: Frame): Panel {
  const marks = lossMarks(losses, frame);
  const top = marks.height + 3;
  const name = losses.every(({ cause }) => cause === 'no-endpoint') ? 'no endpoint' : 'no replica';
  return {
    height: top + 14,
    content: markup`<g class="replica">
      <text class="name" x="0" y="${top - 12}">${name}</text>
      <text class="unit bad" x="0" y="${top + 1}">${count(losses.length)} lost</text>
      <line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${top + 2}" y2="${top + 2}"/>
      <g transform="translate(0 ${top})">${marks.content}</g></g>`,
  };
}
