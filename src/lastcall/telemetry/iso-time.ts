let at = 0;
let text = '';

/** The time of a log line, as pino puts it in. Lines of the same millisecond have the same text, made once. */
export function isoTime(): string {
  const now = Date.now();
  if (now !== at) {
    at = now;
    text = `,"time":"${new Date(now).toISOString()}"`;
  }
  return text;
}
