// Writes down what the tests have covered, in this process and in those of the services that they have started:
// `npm run test:coverage`. Both are measured by V8, so that they can be added up.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CoverageReport } from 'monocart-coverage-reports';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export default class CoverageReporter {
  #report = new CoverageReport({
    name: 'lines that tests or services have run',
    outputDir: 'coverage',
    baseDir: ROOT,
    reports: ['text', 'lcovonly'],
    entryFilter: (entry) => /\/(src|dist)\//.test(entry.url) && !entry.url.includes('/node_modules/'),
    sourceFilter: (path) => path.startsWith('src/'),
    sourcePath: (path) => path.replace(/^.*?(?=src\/)/, ''),
    // Files that nothing has loaded count, too.
    all: { dir: ['src'], filter: { '**/*.ts': true } },
    logging: 'info',
  });
  #added = Promise.resolve();

  onTestResult(_test, { v8Coverage = [] }) {
    const entries = v8Coverage.map(({ codeTransformResult, result }) => {
      const { code, sourceMapPath } = codeTransformResult;
      const map =
        sourceMapPath && existsSync(sourceMapPath) ? readFileSync(sourceMapPath, 'utf8') : undefined;
      const url = result.url.startsWith('file:') ? result.url : pathToFileURL(result.url).href;
      return { ...result, url, source: code, ...(map && { sourceMap: JSON.parse(map) }) };
    });
    if (entries.length > 0) this.#added = this.#added.then(() => this.#report.add(entries));
  }

  async onRunComplete() {
    await this.#added;
    await this.#report.addFromDir(process.env.SERVICE_COVERAGE);
    await this.#report.generate();
  }
}
