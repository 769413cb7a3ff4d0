import { availableParallelism } from 'node:os';

/** What takes minutes, or programs that not every machine has: `npm run test:slow`. All the rest is `npm test`. */
const SLOW = [
  '<rootDir>/test/rehearsal/',
  '<rootDir>/test/image/',
  '<rootDir>/test/prometheus/',
  '<rootDir>/test/e2e/',
  '<rootDir>/test/rename.test.ts',
];

const shared = {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testEnvironment: 'node',
  // `#lastcall` is the source here, and the build in processes of their own.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/esbuild-transform.mjs' },
  // The process tests run dist/main.js: build it first, whoever calls jest.
  globalSetup: '<rootDir>/test/build.mjs',
};
const anywhereIn = (paths) => paths.map((path) => path.replace(/\/$/, '/**/*.test.ts'));

export default {
  projects: [
    {
      ...shared,
      displayName: 'fast',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: SLOW,
    },
    { ...shared, displayName: 'slow', testMatch: anywhereIn(SLOW) },
  ],
  // The tests wait more than they work: a core has room for two files, each of which has a few tests that overlap.
  maxWorkers: 2 * availableParallelism(),
  maxConcurrency: 5,
  // A test of a moment may have to wait for its turn on a busy machine.
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/test/tally-reporter.mjs'],
};
