// A plot as SVG, light or dark as its reader has it: sizes in powers of ten to the right, values from 0 upwards.
import { digits } from './numbers.ts';
import type { Plot, Point } from './plots.ts';

const WIDTH = 640;
const HEIGHT = 340;
const [LEFT, RIGHT, TOP, BOTTOM] = [60, 150, 64, 48];
const STEPS = 4;
/** Between two names at the ends of lines. */
const LABEL_GAP = 14;
const COLOURS = ['#3b82c4', '#c66fae', '#2a9d7f', '#d0851d', '#7465b5', '#8b95a5'];

const STYLE = `
:root { --surface: #ffffff; --text: #1c2430; --muted: #667085; --line: #e4e8ee; }
@media (prefers-color-scheme: dark) { :root { --surface: #12171f; --text: #e6eaf0; --muted: #97a3b4; --line: #2a323e; } }
text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', Roboto, Arial, sans-serif; fill: var(--muted); }
.title { font-size: 14px; font-weight: 600; fill: var(--text); }
.surface { fill: var(--surface); } .grid { stroke: var(--line); } polyline { fill: none; stroke-width: 2; }
`;

export function svgOf({ title, x, y, lines }: Plot): string {
  const all = lines.flatMap(({ points }) => points);
  const sizes = [...new Set(all.map(([size]) => size))].sort((a, b) => a - b);
  const values = all.map(([, value]) => value);
  const most = ceiling(Math.max(...values));
  const least = Math.min(...values) < 0 ? -most / STEPS : 0; // memory that was given back meanwhile
  const right = scale(Math.log10(sizes[0] ?? 1), Math.log10(sizes.at(-1) ?? 1), LEFT, WIDTH - RIGHT);
  const toX = (size: number) => right(Math.log10(size));
  const toY = scale(least, most, HEIGHT - BOTTOM, TOP);

  const grid = Array.from({ length: STEPS + 1 }, (_, i) => (most * i) / STEPS).map((value) => {
    const at = round(toY(value));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>
${text(LEFT - 8, at + 4, digits(value), 'text-anchor="end"')}`;
  });
  const ticks = sizes.map((size) => {
    return text(toX(size), HEIGHT - BOTTOM + 18, size.toLocaleString('en'), 'text-anchor="middle"');
  });
  const drawn = lines.map(({ points }, i) =>
    line(
      points.map(([a, b]) => [toX(a), toY(b)]),
      colour(i),
    ),
  );
  const ends = lines.map(({ points }) => toY(points.at(-1)?.[1] ?? 0));
  const places = apart(ends);
  const names = lines.map(({ title: name }, i) => {
    return text(
      WIDTH - RIGHT + 8,
      (places[i] ?? 0) + 4,
      name.replaceAll('`', ''),
      `style="fill: ${colour(i)}"`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
<rect class="surface" width="${WIDTH}" height="${HEIGHT}"/>
${[
  text(16, 24, title, 'class="title"'),
  text(LEFT, HEIGHT - 10, `${x} →`, ''),
  text(16, TOP - 20, y, ''),
  ...grid,
  ...ticks,
  ...drawn,
  ...names,
].join('\n')}
</svg>
`;
}

function line(points: Point[], stroke: string): string {
  const path = points.map(([a, b]) => `${round(a)},${round(b)}`);
  const dots = path
    .map((at) => at.split(','))
    .map(([a, b]) => `<circle cx="${a}" cy="${b}" r="3" fill="${stroke}"/>`);
  return `<polyline points="${path.join(' ')}" stroke="${stroke}"/>\n${dots.join('\n')}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(content)}</text>`;
}

/** The same places, moved down where two would be on top of each other. */
function apart(places: number[]): number[] {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place);
  const moved: number[] = [];
  let last = -Infinity;
  for (const { place, i } of order) {
    last = Math.max(place, last + LABEL_GAP);
    moved[i] = last;
  }
  return moved;
}

/** 1, 2 or 5 times a power of ten: the first that is not less. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((times) => times * power >= value) ?? 10) * power;
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => (to === from ? low : low + ((value - from) / (to - from)) * (high - low));
}

const round = (value: number) => Math.round(value * 10) / 10;
const colour = (i: number) => COLOURS[i % COLOURS.length] ?? '#8b95a5';
const escape = (content: string) =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
