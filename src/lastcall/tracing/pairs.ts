/**
 * Reads `key=value,key=value` with values that are percent-encoded, as OpenTelemetry has headers and attributes.
 *
 * @throws Error that says which entry is wrong; it may quote the value
 */
export function parsePairs(text: string): Record<string, string> {
  const entries = text.split(',').map((entry) => {
    const [, key = '', value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
    if (value === undefined) throw new Error(`"${entry}" has no =`);
    return [decoded(key), decoded(value)] as const;
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`"${text}" has a % that is no percent-encoding`);
  }
}
