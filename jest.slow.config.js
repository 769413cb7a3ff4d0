// What `npm run test:slow` runs: all that `npm test` leaves out.
import { availableParallelism } from 'node:os';
import fast, { SLOW } from './jest.config.js';

export default {
  ...fast,
  testMatch: SLOW.map((path) => path.replace(/\/$/, '/**/*.test.ts')),
  testPathIgnorePatterns: [],
  // These work more than they wait, and measure what others do to them.
  maxWorkers: Math.max(1, availableParallelism() - 1),
};
