// What `npm run test:long` runs: minutes of load, in which nothing may change or be unexplained.
import fast from './jest.config.js';

/** What goes on for minutes, and needs little of the machine. */
export const LONG = ['<rootDir>/test/soak/', '<rootDir>/test/fuzz/'];

// `pretest:long` builds, which test:all leaves out: test:slow uses the build that is here at the same time.
const { globalSetup: _, ...others } = fast;

export default {
  ...others,
  testMatch: LONG.map((path) => `${path}**/*.test.ts`),
  testPathIgnorePatterns: [],
  maxWorkers: 1,
};
