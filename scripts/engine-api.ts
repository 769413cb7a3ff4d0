// The public types of the engine, as text: what a change of them changes, and what a release of it has to be.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { compileEngine, DOORS, NAME } from './engine-package.ts';

const ROOT = resolve(import.meta.dirname, '..');
const NONE = { default: { logLevel: ExtractorLogLevel.None } };
/** It reads declarations with a TypeScript of its own. */
const READING = {
  strict: true,
  exactOptionalPropertyTypes: true,
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
};

/** Where the reports are kept. */
export const REPORTS = join(ROOT, 'docs/api');

/**
 * Writes a report for each door of the engine, `lifecycle.api.md`, and that of the whole, `package.api.md`.
 *
 * @throws Error if the engine does not compile, or its declarations can't be read
 */
export function writeApiReports(folder: string): void {
  const scratch = mkdtempSync(join(ROOT, 'dist-api-')); // below node_modules, for the types of others
  try {
    compileEngine(join(scratch, 'dist'));
    writeFileSync(join(scratch, 'package.json'), JSON.stringify({ name: NAME }));
    report(scratch, 'package', folder);
    for (const name of DOORS) report(scratch, `${name}/public`, folder);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function report(scratch: string, entry: string, reportFolder: string): void {
  const types = join(scratch, 'dist', `${entry}.d.ts`);
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(scratch, 'package.json'),
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: types,
      compiler: { overrideTsconfig: { compilerOptions: READING, files: [types] } },
      apiReport: {
        enabled: true,
        reportFileName: `${entry.replace('/public', '')}.api.md`,
        reportFolder,
        reportTempFolder: scratch,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: NONE, // exports that it takes for forgotten are of other doors
        tsdocMessageReporting: NONE,
      },
    },
  });
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true, // writes, and fails for nothing that has changed
    messageCallback: (message) => {
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  if (!succeeded) throw new Error(`the types of ${entry} can't be read`);
}
