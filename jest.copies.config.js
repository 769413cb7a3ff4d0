// What `npm run test:copies` runs: services are made of the template, parts are taken out, the engine is installed elsewhere.
import { availableParallelism } from 'node:os';
import fast from './jest.config.js';

/** What is done to copies of the repository, and run there. */
export const COPIES = [
  '<rootDir>/test/template/init.test.ts',
  '<rootDir>/test/template/update.test.ts',
  '<rootDir>/test/clone/',
  '<rootDir>/test/engine/',
  '<rootDir>/test/taking-out/',
];

// The copies are built where they are: test:slow uses the build that is here at the same time.
const { globalSetup: _, ...others } = fast;

export default {
  ...others,
  testMatch: COPIES.map((path) => path.replace(/\/$/, '/**/*.test.ts')),
  testPathIgnorePatterns: [],
  // Compilers and linters, mostly; one more than there are processors, because the longest would end alone.
  maxWorkers: availableParallelism() + 1,
};
