/** `1 request was`, `41 requests were` */
export function count(items: readonly unknown[], one: string, many: string): string {
  return `${items.length.toLocaleString('en')} ${items.length === 1 ? one : many}`;
}

/** `1.2 s`; below a second `250 ms`. */
export function seconds(ms: number): string {
  return Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** As a setting: `4s`, rounded up. */
export function wholeSeconds(ms: number): string {
  return `${Math.ceil(ms / 1000)}s`;
}

/** `1.2-2.9 s` */
export function range(times: readonly number[]): string {
  const [from, to] = [Math.min(...times), Math.max(...times)].map((ms) =>
    (Math.max(0, ms) / 1000).toFixed(1),
  );
  return from === to ? `${from} s` : `${from}-${to} s`;
}
