/** Ends the run with one plain line, `412 passed, 0 failed`, for logs that are read by machines. */
export default class TallyReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // A test file that does not even load has no failed test of its own, but it is a failure.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    // At the exit, so that it comes after Jest's own summary.
    process.once('exit', () =>
      process.stdout.write(`${numPassedTests} passed, ${failed} failed${skipped}\n`),
    );
  }
}
