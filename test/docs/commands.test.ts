import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { defaults } from '../../src/service/variables.ts';
import { startOwnService } from '../harness/own-service.ts';
import { ALL_PAGES } from '../support/pages.ts';
import { testWith } from '../support/programs.ts';

jest.setTimeout(120_000);

/** Scripts of package.json that have options, and say which with --help. */
const WITH_HELP = ['init', 'template:update', 'rehearse'];
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** The commands of all blocks of a page that are for a shell, without comments, continued lines as one. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm);
  return [...blocks].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

/** The flags that a page gives to an npm script, wherever it mentions it. */
function flagsFor(script: string): string[] {
  const mentions = ALL_PAGES.flatMap((page) => [
    ...readFileSync(page, 'utf8').matchAll(new RegExp(`npm run ${script} -- ([^\`#\\n]*)`, 'g')),
  ]);
  return [
    ...new Set(
      mentions.flatMap(
        ([, rest = '']) => rest.replaceAll(/'[^']*'/g, '').match(/(?<=^|\s)--[a-z][\w-]*/g) ?? [],
      ),
    ),
  ];
}

describe('what the pages tell people to type', () => {
  test.each(WITH_HELP.filter((script) => script in scripts))(
    'npm run %s has the flags that they name',
    (script) => {
      const { stdout } = spawnSync('npm', ['run', '--silent', script, '--', '--help'], { encoding: 'utf8' });

      expect(stdout).toContain('--help');
      expect(flagsFor(script).filter((flag) => !stdout.includes(flag))).toEqual([]);
    },
  );

  test('programs of this repository are there', () => {
    const paths = ALL_PAGES.flatMap(commandsOf).map((command) => command.split(' ')[0] ?? '');
    const own = paths.filter((path) => path.includes('/') && !path.includes('='));
    expect(own.filter((path) => !existsSync(path))).toEqual([]);
  });

  const ports: Partial<Record<'PORT' | 'MANAGEMENT_PORT', string>> = defaults;
  const asked = commandsOf('README.md').filter((command) => command.startsWith('curl '));

  const testWherePossible = testWith('curl');

  testWherePossible('the service answers every curl of the README', async () => {
    const service = startOwnService();
    const [url, management] = await Promise.all([service.url, service.management]);

    expect(asked.length).toBeGreaterThan(1);
    for (const command of asked) {
      const here = command
        .replace(`localhost:${ports.PORT ?? '8080'}`, new URL(url).host)
        .replace(`localhost:${ports.MANAGEMENT_PORT ?? '8081'}`, new URL(management).host);
      const { status, stdout } = spawnSync('bash', ['-c', `${here} --silent --fail --max-time 5`], {
        encoding: 'utf8',
      });
      // 28: an event stream has no end.
      expect({ command, status, said: stdout !== '' }).toEqual({
        command,
        status: command.includes('-N') ? 28 : 0,
        said: true,
      });
    }
  });
});
