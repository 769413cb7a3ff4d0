/** Enough of PromQL to find what a query of ours names; they all write their selectors with braces. */

/** `name{matchers}`, without the range behind it. */
export function selectorsOf(expr: string): string[] {
  return [...new Set(expr.match(/(?:[a-zA-Z_:][\w:]*)?\{[^}]*\}/g))];
}

/** The labels that the query groups or joins by. */
export function groupedBy(expr: string): string[] {
  const lists = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].map(([, list = '']) => list.split(/,\s*/));
  return [...new Set(lists.flat())];
}

const WORDS =
  'sum min max count avg by on group_left rate increase changes histogram_quantile scalar round time absent clamp_min label_replace and or unless max_over_time avg_over_time sum_over_time';

/** Names that are neither in a selector nor known to us: a metric without braces, or a function to add above. */
export function unknownWordsOf(expr: string): string[] {
  const rest = expr
    .replace(/(?:[a-zA-Z_:][\w:]*)?\{[^}]*\}/g, '')
    .replace(/\b(?:by|on) \([^)]*\)/g, '')
    .replace(/"[^"]*"/g, '')
    .replace(/\[[^\]]*\]/g, '');
  return (rest.match(/[a-zA-Z_:][\w:]*/g) ?? []).filter((word) => !WORDS.split(' ').includes(word));
}
