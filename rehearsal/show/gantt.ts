import { extent } from '../verdict/format.ts';
import type { Loss, ReplicaResult, Result } from '../verdict/result.ts';

/** How Mermaid draws a span: as what is done, or under way. Losses are critical. */
const LOOKS: Record<string, string> = {
  ready: 'done, ',
  running: 'done, ',
  'lame-duck': 'active, ',
  terminating: 'active, ',
};

/**
 * The states of the replicas as a diagram of Mermaid, which GitHub and GitLab draw where Markdown can't have an SVG: their
 * summaries and comments.
 */
export function gantt({ replicas, losses, scenario, durationMs }: Result): string {
  return [
    'gantt',
    `  title ${plain(scenario.name)}`,
    '  dateFormat x',
    // Minutes are more than most rehearsals take.
    `  axisFormat ${durationMs < 60_000 ? '%-S s' : '%-M:%S'}`,
    ...replicas.flatMap((replica) => rows(replica, losses)),
  ].join('\n');
}

function rows({ name, states, inRotation }: ReplicaResult, losses: Loss[]): string[] {
  const lost = losses.filter(({ replica }) => replica === name).map(({ failedAtMs }) => failedAtMs);
  const [fromMs, toMs] = extent(lost);
  const visible = states.filter((span) => span.toMs > 0);
  if (visible.length === 0) return [];
  return [
    `  section ${plain(name)}`,
    ...visible.map(({ state, ...span }) => row(state, LOOKS[state] ?? '', span)),
    ...inRotation.filter((span) => span.toMs > 0).map((span) => row('in rotation', '', span)),
    ...(lost.length === 0 ? [] : [row(`${lost.length} lost`, 'crit, ', { fromMs, toMs: toMs + 1 })]),
  ];
}

function row(text: string, look: string, { fromMs, toMs }: { fromMs: number; toMs: number }): string {
  const [from, to] = [Math.max(0, Math.round(fromMs)), Math.max(1, Math.round(toMs))];
  return `  ${plain(text)} :${look}${from}, ${to}`;
}

/** Text that means nothing to Mermaid, whoever has written it. */
function plain(text: string): string {
  return text.replaceAll(/[^\w -]/g, ' ').trim() || 'unknown';
}
