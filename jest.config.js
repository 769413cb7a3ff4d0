export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testEnvironment: 'node',
  // `#lastcall` is the source here, and the build in processes of their own.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/esbuild-transform.mjs' },
  // The process tests run dist/main.js: build it first, whoever calls jest.
  globalSetup: '<rootDir>/test/build.mjs',
  reporters: ['default', '<rootDir>/test/tally-reporter.mjs'],
  coverageProvider: 'babel',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text', 'lcov'],
};
