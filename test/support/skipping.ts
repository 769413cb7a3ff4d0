/**
 * `test`, or `describe`, where nothing is in the way; otherwise its `skip`, with a line that nobody overlooks.
 *
 * @param what the tests that are skipped
 * @param obstacle what they miss; undefined if they can run
 */
export function unlessMissing<T extends { skip: unknown }>(
  define: T,
  what: string,
  obstacle: string | undefined,
): T | T['skip'] {
  if (obstacle === undefined) return define;
  process.stderr.write(`SKIPPED: ${what}: ${obstacle}\n`);
  return define.skip;
}
