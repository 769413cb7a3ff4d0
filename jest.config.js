// What `npm test` runs: all that gives an answer soon. jest.slow.config.js and jest.copies.config.js have the rest.
import { availableParallelism } from 'node:os';

/** What takes minutes, or programs that not every machine has. */
export const SLOW = [
  '<rootDir>/test/rehearsal/',
  '<rootDir>/test/image/',
  '<rootDir>/test/prometheus/',
  '<rootDir>/test/e2e/',
  '<rootDir>/test/process/busy.test.ts',
  '<rootDir>/test/process/many-connections.test.ts',
  '<rootDir>/test/bench/bench.test.ts',
  '<rootDir>/test/mutants.test.ts',
  '<rootDir>/test/recipes/',
  '<rootDir>/test/soak/',
  '<rootDir>/test/fuzz/',
  '<rootDir>/test/template/init.test.ts',
  '<rootDir>/test/template/update.test.ts',
  '<rootDir>/test/clone/',
  '<rootDir>/test/engine/',
  '<rootDir>/test/faults/',
  '<rootDir>/test/taking-out/',
];

/** `npm run test:coverage`. */
const covering = process.env.SERVICE_COVERAGE !== undefined;

export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: SLOW,
  testEnvironment: 'node',
  // `#lastcall` is the source here, and the build in processes of their own.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/esbuild-transform.mjs' },
  // The process tests run dist/main.js: build it first, whoever calls jest.
  globalSetup: '<rootDir>/test/build.mjs',
  // The tests wait more than they work: a core has room for two files, each of which has a few tests that overlap.
  maxWorkers: 2 * availableParallelism(),
  maxConcurrency: 5,
  testSequencer: '<rootDir>/test/longest-first.cjs',
  // On a busy machine, a test of a moment may have to wait for its turn.
  testTimeout: 30_000,
  reporters: [
    'default',
    '<rootDir>/test/tally-reporter.mjs',
    ...(covering ? ['<rootDir>/test/coverage-reporter.mjs'] : []),
  ],
  // The report is of that reporter: Jest's own sees nothing of the services.
  ...(covering && { collectCoverage: true, coverageProvider: 'v8', coverageReporters: ['none'] }),
  collectCoverageFrom: ['src/**/*.ts'],
};
