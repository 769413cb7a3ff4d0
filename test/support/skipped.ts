/** Says what a suite leaves out, and why, where nobody overlooks it. */
export function saySkipped(what: string, why: string): void {
  process.stderr.write(`SKIPPED: ${what}: ${why}\n`);
}
