import { CAUSES, count, moment } from '../verdict/format.ts';
import type { Result } from '../verdict/result.ts';
import { causesOf, headline } from './digest.ts';
import { Markup, markup } from './markup.ts';
import { latency, lostRate, type Scales, scalesFor, tellers, throughput } from './timeline-charts.ts';
import { axis, endOfTime, type Frame, frame, grid, type Panel, WIDTH } from './timeline-frame.ts';
import { glyph } from './timeline-losses.ts';
import { DRAWN_STATES, isDeaf, replicaRows } from './timeline-replicas.ts';
import { COLOURS, TIMELINE_STYLE } from './timeline-style.ts';

interface Options {
  /** A file of its own, with its own style: for documents. */
  standalone?: boolean;
  /** The ends of the axes, to compare with another timeline. */
  scales?: Scales;
}

/** The ends of the axes on which all of these can be compared. */
export function sharedScales(results: Result[]): Scales {
  return scalesFor(results, Math.max(...results.map(endOfTime)));
}

/** What happened when, as an SVG: the replicas, who answered, what was lost, and how long answers took. */
export function timelineSvg(result: Result, options: Options = {}): string {
  const { standalone = false, scales = sharedScales([result]) } = options;
  const on = frame(scales.endMs);
  const charts = stacked([
    throughput(result, on, scales),
    ...(scales.lost > 0 ? [lostRate(result, on, scales)] : []),
    latency(result, on, scales),
  ]);
  const panels = stacked([
    legend(result, on),
    { height: 12, content: markup`` },
    replicaRows(result, on),
    { ...charts, content: markup`${charts.content}${tellers(result, on, charts.height)}` },
    axis(on),
  ]);
  return whole(result, on, panels, standalone).text;
}

const GAP = 16;

function stacked(panels: Panel[]): Panel {
  let y = 0;
  const placed = panels.map(({ height, content }) => {
    const at = y;
    y += height + GAP;
    return markup`<g transform="translate(0 ${at})">${content}</g>`;
  });
  return { height: y - GAP, content: markup`${placed}` };
}

function whole(result: Result, on: Frame, { height, content }: Panel, standalone: boolean): Markup {
  const margin = standalone ? 20 : 0;
  const box = `${-margin} ${-margin} ${WIDTH + 2 * margin} ${height + 2 * margin}`;
  const top = 34;
  const { x } = on;
  const { fromMs, toMs } = result.change;
  const edges = [fromMs, toMs].map(
    (ms) => markup`<line class="band-edge" x1="${x(ms)}" x2="${x(ms)}" y1="${top}" y2="${height - 28}"/>`,
  );
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="${box}" role="img" aria-label="${`Timeline: ${headline(result)}`}">
    <desc>${described(result)}</desc>
    ${standalone && markup`<style>${new Markup(COLOURS + TIMELINE_STYLE)}</style>`}
    ${standalone && markup`<rect class="surface" x="${-margin}" y="${-margin}" width="${WIDTH + 2 * margin}" height="${height + 2 * margin}" rx="10"/>`}
    <rect class="band" x="${x(fromMs)}" width="${x(toMs) - x(fromMs)}" y="${top}" height="${height - 28 - top}"/>
    <g transform="translate(0 ${top})">${grid(on, height - 28 - top)}</g>
    ${edges}<text class="band-label" x="${x(fromMs) + 6}" y="${top + 12}">${result.scenario.name}</text>
    ${content}
  </svg>`;
}

/** The picture in words, for those who can't see it. */
function described({ replicas, change, durationMs, scenario, losses }: Result): string {
  const causes = causesOf(losses).map((cause) => {
    const these = losses.filter((loss) => loss.cause === cause);
    return `${count(these.length)} ${CAUSES[cause]} from ${moment(these[0]?.failedAtMs ?? 0)} on`;
  });
  return `${replicas.length} replicas over ${moment(durationMs)}; ${scenario.name} from ${moment(change.fromMs)} to ${moment(change.toMs)}. Lost: ${causes.join(', ') || 'nothing'}.`;
}

/** Only what can be seen. */
function legend({ replicas, losses, settings }: Result, { x: scale, left, right }: Frame): Panel {
  const visible = replicas.flatMap(({ states }) =>
    states.filter(({ fromMs, toMs }) => scale(toMs) - scale(fromMs) >= 1),
  );
  const occurring = new Set(visible.map(({ state }) => state));
  const entries: { sign: Markup; text: string }[] = [
    ...DRAWN_STATES.filter((state) => occurring.has(state)).map((state) => ({
      sign: markup`<rect class="state ${state}" x="0" y="-9" width="14" height="11"/>`,
      text: state,
    })),
    {
      sign: markup`<rect class="rotation" x="0" y="-5" width="14" height="3" rx="1.5"/>`,
      text: 'in rotation',
    },
    ...(replicas.some((replica) => isDeaf(replica))
      ? [
          {
            sign: markup`<rect class="rotation deaf" x="0" y="-5" width="14" height="3" rx="1.5"/>`,
            text: 'in rotation, deaf',
          },
        ]
      : []),
    ...(replicas.some(({ stalls }) => stalls !== undefined)
      ? [{ sign: markup`<rect class="stall" x="0" y="-7" width="14" height="7"/>`, text: 'no CPU' }]
      : []),
    { sign: markup`<path class="sigterm" d="M7 3V-4l-4.5 -6h9l-4.5 6"/>`, text: settings.stopSignal },
    { sign: markup`<path class="spark" d="M0 2v-5h4v-4h5v3h5v6z"/>`, text: 'answers' },
    ...causesOf(losses).map((cause) => ({
      sign: glyph(cause, 7, -4),
      text: `${CAUSES[cause]} (${count(losses.filter((loss) => loss.cause === cause).length)})`,
    })),
  ];
  let [x, y] = [left, 11];
  const placed = entries.map(({ sign, text }) => {
    const width = 20 + text.length * 6.2 + 14;
    if (x + width > right + 70) [x, y] = [left, y + 17];
    const at = x;
    x += width;
    return markup`<g transform="translate(${at} ${y})">${sign}<text x="20" y="0">${text}</text></g>`;
  });
  return { height: y + 5, content: markup`${placed}` };
}
