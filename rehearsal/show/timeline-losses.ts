import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTimes,
  symbolTriangle,
  type SymbolType,
  symbolWye,
} from 'd3-shape';
import type { Cause } from '../load/ledger.ts';
import { CAUSES, count, counted, moment, offset } from '../verdict/format.ts';
import type { Loss } from '../verdict/result.ts';
import { causesOf, lossGroups } from './digest.ts';
import { type Markup, markup } from './markup.ts';
import type { Frame } from './timeline-frame.ts';

const SHAPES: Record<Cause, SymbolType> = {
  'no-endpoint': symbolCircle,
  refused: symbolTimes,
  'reset-new': symbolTriangle,
  'reset-kept': symbolDiamond,
  broken: symbolStar,
  status: symbolSquare,
  body: symbolCross,
  timeout: symbolWye,
};

/** The sign of a cause, at a place; the one of `refused` is made of lines, which have no inside. */
export function glyph(cause: Cause, x: number, y: number): Markup {
  const shape = cause === 'refused' ? 'glyph line' : 'glyph';
  const path = symbol(SHAPES[cause], cause === 'refused' ? 46 : 52)() ?? '';
  return markup`<path class="${shape}" d="${path}" transform="translate(${x} ${y})"/>`;
}

/** Wide enough for a sign and three digits below it. */
const BIN = 20;
/** A sign and the number below it. */
const LANE = 21;

/** Signs in lanes, the lowest of which stands on y = 0. */
export interface LossMarks {
  height: number;
  content: Markup;
}

/**
 * Every loss as the sign of its cause, where it was lost; each cause has a lane. Those that would overlap share a sign,
 * which then says how many they are.
 */
export function lossMarks(losses: Loss[], { x, left }: Frame): LossMarks {
  const lanes = causesOf(losses).map((cause, lane) => {
    const bins = new Map<number, Loss[]>();
    for (const loss of losses) {
      if (loss.cause !== cause) continue;
      const bin = Math.floor((x(loss.failedAtMs) - left) / BIN);
      const these = bins.get(bin) ?? [];
      bins.set(bin, these);
      these.push(loss);
    }
    return [...bins].map(([bin, these]) => {
      const mean = these.reduce((sum, { failedAtMs }) => sum + x(failedAtMs), 0) / these.length;
      // Not at the edge of the bin, where the number would meet the one of the next.
      const at = Math.min(Math.max(mean, left + (bin + 0.3) * BIN), left + (bin + 0.7) * BIN);
      return mark(cause, these, at, -LANE * lane);
    });
  });
  return { height: LANE * lanes.length, content: markup`${lanes}` };
}

function mark(cause: Cause, losses: Loss[], x: number, y: number): Markup {
  const number =
    losses.length > 1 && markup`<text class="number" x="${x}" y="${y}">${count(losses.length)}</text>`;
  return markup`<g class="loss" data-count="${losses.length}"><title>${told(cause, losses)}</title>${glyph(cause, x, y - 13)}${number}</g>`;
}

function told(cause: Cause, losses: Loss[]): string {
  const groups = lossGroups(losses).map(({ like, count: size, firstMs, afterSigterm }) => {
    const when = afterSigterm ? `${offset(afterSigterm[0])} from its signal` : `at ${moment(firstMs)}`;
    return `${size} × ${like.kind} ${like.detail}${like.state === undefined ? '' : `, ${like.state}`}, ${when}`;
  });
  return [`${counted(losses.length, 'request')} lost: ${CAUSES[cause]}`, ...groups].join('\n');
}
