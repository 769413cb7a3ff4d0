import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

/** Of Node 22 and later; before, `node:http` has nothing to do with fetch. */
test('loading the engine does not load what is behind fetch', () => {
  const script = `
    await import('./dist/lastcall/run.js');
    await import('./dist/lastcall/public.js');
    console.log(JSON.stringify(process.moduleLoadList));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  const loaded = JSON.parse(printed) as string[];

  expect(loaded).toContain('NativeModule _http_server');
  expect(loaded.filter((name) => name.includes('undici'))).toEqual([]);
});
