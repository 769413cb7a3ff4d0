export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/esbuild-transform.mjs' },
  // The process tests run dist/main.js: build it first, whoever calls jest.
  globalSetup: '<rootDir>/test/build.mjs',
  reporters: ['default', '<rootDir>/test/tally-reporter.mjs'],
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text', 'lcov'],
};
