/**
 * Whether a scraper likes OpenMetrics at least as much as the classic text format, by its `Accept` header. Only
 * OpenMetrics has exemplars; a scraper that does not name it gets what every tool reads.
 */
export function wantsOpenMetrics(accept = ''): boolean {
  let openMetrics = 0;
  let text = 0;
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const parameter = (name: string) =>
      parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
    const quality = Number(parameter('q') ?? 1) || 0;
    if (type === 'text/plain') text = Math.max(text, quality);
    if (type === 'application/openmetrics-text' && (parameter('version') ?? '1.0.0') === '1.0.0') {
      openMetrics = Math.max(openMetrics, quality);
    }
  }
  return openMetrics > 0 && openMetrics >= text;
}
