import { writeFileSync } from 'node:fs';

/** Ends the run with one plain line, `412 passed, 0 failed`, for logs that are read by machines. */
export default class TallyReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    // A test file that does not even load has no failed test of its own, but it is a failure.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const tally = { passed: numPassedTests, failed, skipped: numPendingTests };
    // For scripts/test-all.mjs, which adds up.
    if (process.env.TALLY_FILE !== undefined) writeFileSync(process.env.TALLY_FILE, JSON.stringify(tally));
    // At the exit, so that it comes after Jest's own summary.
    process.once('exit', () => process.stdout.write(`${inWords(tally)}\n`));
  }
}

export function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
