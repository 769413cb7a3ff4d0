// Takes one protection at a time out of the built service and expects the test that is about it to fail:
// `npm run test:mutants`, or `npm run test:mutants -- descriptors` for those with a word in their name. A mutant that
// survives means that the test proves nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `replace`: a text in a file of the build, and what takes its place; `test`: the suite of test/process/ and a pattern of the
 * title that have to fail then; `room`: the room of the engine that it takes.
 */
const MUTANTS = JSON.parse(readFileSync(new URL('mutants.json', import.meta.url), 'utf8'));

/** `#lastcall` in a mutant is the mutant's, and not that of the build beside it. */
const OWN_DOORS = JSON.stringify({
  type: 'module',
  imports: { '#lastcall': './lastcall/public.js', '#lastcall/*': './lastcall/*/public.js' },
});

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const survivors = [];
// It may have been taken out, with its tests.
const isThere = ({ room }) => room === undefined || existsSync(join('src/lastcall', room));
const chosen = MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? '')).filter(isThere);
for (const { name, file, replace, test } of chosen) {
  const dist = 'dist-mutant/';
  rmSync(dist, { recursive: true, force: true });
  cpSync('dist', dist, { recursive: true });
  writeFileSync(join(dist, 'package.json'), OWN_DOORS);
  const path = join(dist, file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(replace[0]))
    throw new Error(`${path} has no "${replace[0]}": bring the mutant up to date`);
  writeFileSync(path, source.replace(replace[0], replace[1]));

  const [suite, title] = test;
  const jest = [
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    `test/process/${suite}`,
    '-t',
    title,
  ];
  const { status, stderr } = spawnSync(process.execPath, jest, {
    env: { ...process.env, DIST: dist },
    encoding: 'utf8',
  });
  const ran = /Tests: .*\b(failed|passed)/.test(stderr);
  if (!ran) throw new Error(`no test ran for "${name}":\n${stderr}`);
  if (status === 0) survivors.push(name);
  process.stdout.write(`${status === 0 ? 'SURVIVED' : 'killed  '}  ${name}\n`);
  for (const made of [dist, 'dist-mutant-bundles/']) rmSync(made, { recursive: true, force: true });
}
process.stdout.write(`${chosen.length - survivors.length} of ${chosen.length} mutants killed\n`);
process.exit(survivors.length === 0 ? 0 : 1);
