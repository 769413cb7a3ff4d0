// What `npm run test:slow` runs: what takes minutes, and measures.
import { availableParallelism } from 'node:os';
import fast, { SLOW } from './jest.config.js';
import { COPIES } from './jest.copies.config.js';

export default {
  ...fast,
  testMatch: SLOW.filter((path) => !COPIES.includes(path)).map((path) =>
    path.replace(/\/$/, '/**/*.test.ts'),
  ),
  testPathIgnorePatterns: [],
  // These work more than they wait, and measure what others do to them.
  maxWorkers: Math.max(1, availableParallelism() - 1),
};
