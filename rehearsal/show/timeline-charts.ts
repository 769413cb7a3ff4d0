import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { area, curveStepAfter, line, stack } from 'd3-shape';
import { count, duration, moment } from '../verdict/format.ts';
import type { Result, Slice } from '../verdict/result.ts';
import { type Markup, markup } from './markup.ts';
import { caption, type Frame, type Panel, withEnd } from './timeline-frame.ts';

/** The ends of the vertical axes; two timelines that are compared have the same. */
export interface Scales {
  endMs: number;
  /** Answers per second. */
  rate: number;
  lost: number;
  latency: [min: number, max: number];
}

const HEIGHT = 104;
const LOST_HEIGHT = 40;
/** From where on a linear axis would hide the small ones. */
const LOG_FROM = 20;

/** The ends that these results need. */
export function scalesFor(results: Result[], endMs: number): Scales {
  const slices = results.flatMap(({ timeline }) => timeline);
  const latencies = slices.filter(hasLatency);
  return {
    endMs,
    rate: Math.max(1, ...slices.map((slice) => perSecond(slice, answersOf(slice)))),
    lost: Math.max(0, ...slices.map((slice) => perSecond(slice, slice.lost))),
    latency: [
      Math.max(0.1, Math.min(1, ...latencies.map(({ p50 }) => p50))),
      Math.max(1, ...latencies.map(({ max }) => max)),
    ],
  };
}

function perSecond({ fromMs, toMs }: Slice, value: number): number {
  return (value * 1000) / (toMs - fromMs);
}

function answersOf({ answered }: Slice): number {
  return Object.values(answered).reduce((sum, value) => sum + value, 0);
}

/** Streams and WebSockets are answered without one. */
function hasLatency({ max }: Slice): boolean {
  return max > 0;
}

/** Answers per second, those of each replica on top of each other: who took over from whom. */
export function throughput({ timeline, replicas }: Result, { x }: Frame, scales: Scales): Panel {
  const y = scaleLinear([0, scales.rate], [HEIGHT, 6]).nice(3);
  const layers = stack<Slice>()
    .keys(replicas.map(({ name }) => name))
    .value((slice, name) => perSecond(slice, slice.answered[name] ?? 0))(withEnd(timeline));
  const shape = area<(typeof layers)[number][number]>()
    .x(({ data }) => x(data.fromMs))
    .y0(([from]) => y(from))
    .y1(([, to]) => y(to))
    .curve(curveStepAfter)
    .digits(1);
  const paths = layers.map((layer) => {
    const generation = layer.key.startsWith('old') ? 'old' : 'new';
    return markup`<path class="layer ${generation}" d="${shape(layer) ?? ''}"><title>${layer.key}</title></path>`;
  });
  return {
    height: HEIGHT,
    content: markup`${caption('Answered', 'per second')}${generations()}${lines(y, y.ticks(3), count, x.range())}${paths}`,
  };
}

/** The key to the colours. */
function generations(): Markup {
  return markup`${['old', 'new'].map(
    (name, i) =>
      markup`<rect class="${name}" x="${i * 40}" y="36" width="9" height="9"/><text class="unit" x="${i * 40 + 13}" y="44">${name}</text>`,
  )}`;
}

/** Losses per second, only where there are any. */
export function lostRate({ timeline }: Result, { x }: Frame, scales: Scales): Panel {
  const y = scaleLinear([0, scales.lost], [LOST_HEIGHT, 4]);
  const bars = timeline
    .filter(({ lost }) => lost > 0)
    .map((slice) => {
      const top = Math.min(y(perSecond(slice, slice.lost)), LOST_HEIGHT - 2);
      return markup`<rect class="lost-bar" x="${x(slice.fromMs)}" width="${Math.max(1.5, x(slice.toMs) - x(slice.fromMs) - 0.5)}" y="${top}" height="${LOST_HEIGHT - top}"/>`;
    });
  return {
    height: LOST_HEIGHT,
    content: markup`${caption('Lost', 'per second')}${lines(y, [0, scales.lost], (value) => count(Math.round(value)), x.range())}${bars}`,
  };
}

const QUANTILES = ['max', 'p99', 'p50'] as const;

/** Median, 99th percentile and the slowest of each slice, on a logarithmic axis if they are far apart. */
export function latency({ timeline }: Result, { x, right }: Frame, scales: Scales): Panel {
  const [min, max] = scales.latency;
  const isLog = max / min > LOG_FROM;
  const y = isLog ? scaleLog([min, max], [HEIGHT, 6]).nice() : scaleLinear([0, max], [HEIGHT, 6]).nice(3);
  // Powers of ten; all the ticks of a logarithmic axis are too many to be read.
  const ticks = isLog ? y.ticks().filter((value) => Number.isInteger(Math.log10(value))) : y.ticks(3);
  const curve = (key: (typeof QUANTILES)[number]) =>
    line<Slice>()
      .defined(hasLatency)
      .digits(1)
      .x(({ fromMs, toMs }) => x((fromMs + toMs) / 2))
      .y((slice) => y(Math.max(slice[key], isLog ? (y.domain()[0] ?? min) : 0)))(timeline) ?? '';
  const last = timeline.findLast(hasLatency);
  const labels = spread(QUANTILES.map((key) => (last === undefined ? 0 : y(Math.max(last[key], min)))));
  return {
    height: HEIGHT,
    content: markup`${caption('Latency', isLog ? 'log scale' : '')}${lines(y, ticks, duration, x.range())}${QUANTILES.map(
      (key, i) =>
        markup`<path class="curve ${key}" d="${curve(key)}"/><text class="curve-label ${key}-label" x="${right + 8}" y="${(labels[i] ?? 0) + 4}">${key}</text>`,
    )}`,
  };
}

/** Moves labels down until none is on another. */
function spread(places: number[]): number[] {
  const MIN = 13;
  let previous = -Infinity;
  return places.map((y) => (previous = Math.max(y, previous + MIN)));
}

function lines(
  y: ScaleContinuousNumeric<number, number>,
  ticks: number[],
  format: (value: number) => string,
  [from = 0, to = 0]: number[],
): Markup {
  return markup`${ticks.map(
    (value) =>
      markup`<line class="grid" x1="${from}" x2="${to}" y1="${y(value)}" y2="${y(value)}"/><text class="tick" x="${from - 8}" y="${y(value) + 3.5}" text-anchor="end">${format(value)}</text>`,
  )}`;
}

/** Invisible columns over a panel that tell the numbers of their slice to the pointer. */
export function tellers({ timeline }: Result, { x }: Frame, height: number): Markup {
  return markup`${timeline.map((slice) => {
    const { fromMs, toMs, lost, p50, p99, max } = slice;
    const latencies = hasLatency(slice)
      ? `\np50 ${duration(p50)}, p99 ${duration(p99)}, max ${duration(max)}`
      : '';
    const title = `${moment(fromMs)}: ${count(answersOf(slice))} answered, ${count(lost)} lost${latencies}`;
    return markup`<rect class="teller" x="${x(fromMs)}" width="${x(toMs) - x(fromMs)}" y="0" height="${height}"><title>${title}</title></rect>`;
  })}`;
}
