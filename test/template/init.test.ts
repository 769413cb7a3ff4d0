import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { LISTS_PAGE } from '../../scripts/template/render.ts';
import { listsOf } from '../../scripts/template/steps.ts';
import { own } from '../harness/own.ts';
import { OBSTACLE } from '../support/copy.ts';
import { unlessMissing } from '../support/skipping.ts';
import { cloneOf, type GitFolder, projectOf, templateRepository } from '../support/template.ts';
import { NO_TERMINAL, Terminal } from '../support/terminal.ts';
import { JEST, type Said } from '../support/workplace.ts';

jest.setTimeout(600_000);

const testWherePossible = unlessMissing(test, 'npm run init', OBSTACLE);
const testOnTerminal = unlessMissing(test, 'the questions of npm run init', NO_TERMINAL ?? OBSTACLE);
const { name: TEMPLATE } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
const LISTS = Object.keys(listsOf(readFileSync(LISTS_PAGE, 'utf8')));

/** Where the template's name may stay: the engine, where it came from, and the package of the rehearsal. */
const KEEPS_ITS_NAME = /^(src\/lastcall\/|docs\/origin\.md$|\.template\.json$|rehearsal\/)/;
/** The engine's folder and its door, as imports, rules of the linter and prose mention them, the attributes of its spans; and the rehearsal. */
const ENGINE = /#lastcall\b|\blastcall\/|\blastcall(?=['"`])|\blastcall\.[a-z]|\blastcall-rehearse\b/g;

/** Tests that the answers touch. */
const QUICK = [
  'test/service',
  'test/workflows/docs',
  'test/docs/parts',
  'test/chart/render',
  'test/image/dockerfile',
];
/**
 * Tests that start many processes, or wait for the time that something takes, and for which an answer is a word; and those
 * of the engine, which no answer changes.
 */
const SLOW = [
  '/test/lastcall/',
  '/test/process/',
  '/test/faults/',
  '/test/fuzz/',
  '/test/soak/',
  '/test/rehearsal/',
  '/test/e2e/',
  '/test/image/',
  '/test/prometheus/',
  '/test/recipes/',
  '/test/bench/',
];

/** What is run in every service that was made, all of it at once. */
const CHECKS: Record<string, string[]> = {
  tsc: ['-p', 'tsconfig.json', '--noEmit'],
  npm: ['ci', '--dry-run', '--offline', '--ignore-scripts', '--silent'],
  // Its tests.
  node: [...JEST, ...QUICK],
};

/** Alone, a part that goes leaves nothing to the linter that tsc and the tests of what can be taken out do not see. */
const LINTED = ['everything that can be said', 'nothing that can go'];

const ANSWERS: [title: string, args: string[]][] = [
  ['a name alone', ['orders-api', '--yes']],
  [
    'everything that can be said',
    [
      'a1',
      '--description',
      "Keeps the customers' orders: größer & besser",
      '--owner',
      '@acme/orders',
      '--image',
      'registry.example.com:5000/acme/a1',
      '--repository',
      'https://github.com/acme/a1',
      '--port',
      '3000',
      '--management-port',
      '3001',
      '--licence',
      'Apache-2.0',
    ],
  ],
  [
    'neither gateway nor HTTPS nor rehearsal',
    ['x', '--without', 'gateway,tls,rehearsal', '--owner', 'orders@acme.example', '--licence', 'UNLICENSED'],
  ],
  ['nothing that can go', ['orders-api', '--without', LISTS.join(','), '--management-port', '9001']],
];

let template: GitFolder;

beforeAll(() => {
  if (OBSTACLE === undefined) template = templateRepository();
});

afterAll(() => template?.remove());

describe.each(ANSWERS)('a service that was made with %s', (title, args) => {
  const programs = { ...CHECKS, ...(LINTED.includes(title) && { oxlint: [] }) };
  let service: GitFolder;
  let checks: Record<string, Promise<Said>>;
  const [name = ''] = args;

  beforeAll(() => {
    if (OBSTACLE !== undefined) return;
    service = projectOf(template, ...args);
    const prettier = ['--check', '--log-level=warn', '--ignore-unknown', ...service.changed()];
    checks = Object.fromEntries(
      Object.entries({ ...programs, prettier }).map(([program, programArgs]) => [
        program,
        service.start(program, ...programArgs),
      ]),
    );
  });

  afterAll(() => service?.remove());

  testWherePossible('has the old name nowhere but where the engine is named, and where it came from', () => {
    const old = new RegExp(TEMPLATE, 'i');
    const left = service
      .git('ls-files')
      .split('\n')
      .filter((file) => !KEEPS_ITS_NAME.test(file))
      .filter(
        (file) => old.test(file.replace(ENGINE, '')) || old.test(service.read(file).replace(ENGINE, '')),
      );
    expect(left).toEqual([]);
  });

  testWherePossible('is called so, from version 0.1.0 on, and can not be made again', () => {
    const manifest = JSON.parse(service.read('package.json')) as { scripts: object };
    expect(manifest).toMatchObject({ name, version: '0.1.0' });
    expect(Object.keys(manifest.scripts)).not.toContain('init');
    expect(service.read('helm/Chart.yaml')).toMatch(
      new RegExp(`^name: ${name}\n[^]*^version: 0\\.1\\.0 `, 'm'),
    );
    const repository = args[args.indexOf('--repository') + 1];
    const home = args.includes('--repository') ? [`home: ${repository}`] : null;
    expect(service.read('helm/Chart.yaml').match(/^home: .*/gm)).toEqual(home);
    expect(service.read('CHANGELOG.md')).toBe('# Changelog\n');
    expect(service.read('README.md')).toMatch(new RegExp(`^# ${name}\n`));
    expect(service.has('scripts/template/init.ts')).toBe(false);
  });

  testWherePossible.each([...Object.keys(programs), 'prettier'])(
    '%s has nothing against it',
    async (program) => {
      const { code, stdout, stderr } = (await checks[program]) as Said;
      expect(code === 0 ? '' : stdout + stderr).toBe('');
    },
  );
});

describe('what was answered', () => {
  let service: GitFolder;

  beforeAll(() => {
    if (OBSTACLE !== undefined) return;
    service = projectOf(template, ...(ANSWERS[1]?.[1] ?? []));
  });

  afterAll(() => service?.remove());

  testWherePossible('is where people and machines look for it', () => {
    expect(service.read('Dockerfile')).toContain(
      'description="Keeps the customers\' orders: größer & besser"',
    );
    expect(service.read('Dockerfile')).toContain('licenses="Apache-2.0"');
    expect(service.read('Dockerfile')).toContain('EXPOSE 3000 3001');
    expect(service.read('LICENSE')).toContain('Copyright 20');
    expect(service.read('.github/CODEOWNERS')).toMatch(/^\*\s+@acme\/orders$/m);
    expect(service.read('SECURITY.md')).toContain('@acme/orders');
    expect(service.read('helm/values.yaml')).toMatch(/repository: '?registry\.example\.com:5000\/acme\/a1/);
    expect(service.read('.github/actions/registry/action.yml')).toContain(
      'image=${IMAGE:-registry.example.com:5000/acme/a1}',
    );
    expect(service.read('compose.yaml')).toContain("'3000:3000'");
    expect(service.read('docs/configuration.md')).toMatch(/^\| `PORT` +\| `3000`/m);
    expect(service.read('README.md')).toContain('curl localhost:3001/metrics');
  });

  testWherePossible('is remembered with where it came from', () => {
    expect(JSON.parse(service.read('.template.json'))).toEqual({
      template: {
        from: template.folder,
        name: TEMPLATE,
        version: expect.any(String),
        commit: template.git('rev-parse', 'HEAD'),
        tree: template.git('rev-parse', 'HEAD^{tree}'),
      },
      answers: expect.objectContaining({ name: 'a1', port: 3000, licence: 'Apache-2.0', without: [] }),
    });
  });

  testWherePossible('passes all tests that are quick', () => {
    const { code, stdout, stderr } = service.run('node', ...JEST, '--testPathIgnorePatterns', ...SLOW);
    expect(code === 0 ? '' : stdout + stderr).toBe('');
  });

  testWherePossible('is rehearsed: a rollout of the service loses nothing', () => {
    const { code, stdout, stderr } = service.npm('rehearse', '--scenario', 'rollout');
    expect(code === 0 ? '' : stdout + stderr).toBe('');
  });
});

describe('npm run init', () => {
  /** What it says; and that it has left everything as it was. */
  function refusal(clone: GitFolder, ...args: string[]): string {
    const before = clone.state();
    const { code, stdout, stderr } = clone.npm('init', ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(clone.state()).toBe(before);
    expect(stderr).toMatch(/\nNothing was changed\.\n$/);
    return stderr;
  }

  let clone: GitFolder;
  beforeAll(() => {
    if (OBSTACLE === undefined) clone = cloneOf(template);
  });
  afterAll(() => clone?.remove());

  testWherePossible('says everything that is wrong with its flags, and what was expected', () => {
    const said = refusal(clone, 'Orders', '--port', '80', '--without', 'gatway', '--image', 'orders');
    expect(said).toContain('name "Orders": npm and image registries allow no capital letters');
    expect(said).toContain('--port "80": expected a port from 1024 to 65535');
    expect(said).toContain('--without gatway: expected examples, tls, gateway');
    expect(said).toContain('--image "orders": a reference to an image (OCI)');
  });

  testWherePossible('wants a name, and knows its flags', () => {
    expect(refusal(clone)).toContain('a name is needed');
    expect(refusal(clone, 'orders-api', '--prot', '1')).toContain("Unknown option '--prot'");
    expect(refusal(clone, TEMPLATE)).toContain("that is the template's own");
    expect(refusal(clone, 'a', '--port', '9000', '--management-port', '9000')).toContain('got 9000 twice');
  });

  testOnTerminal('asks at a terminal, and says at once what can not be an answer', async () => {
    const asked = cloneOf(template);
    own(() => asked.remove());
    const terminal = new Terminal('npm run --silent init -- --port 9000', {}, asked.folder);

    await terminal.shows(/Its name/);
    terminal.type('Orders\r');
    await terminal.shows(/npm and image registries allow no capital letters/);
    terminal.type('\x7f'.repeat(6));
    terminal.type('orders-api\r');
    await terminal.shows(/What it does, in a sentence/);
    terminal.type('\r');
    await terminal.shows(/Who owns it/);
    terminal.type('@acme/orders\r');
    await terminal.shows(/Its image/);
    terminal.type('\r');
    await terminal.shows(/Where its source is/);
    terminal.type('https://github.com/acme/orders-api\r');
    await terminal.shows(/Port of probes/);
    terminal.type('\r');
    await terminal.shows(/Licence/);
    terminal.type('\x1b[B\r'); // the one below
    await terminal.shows(/What can go/);
    terminal.type('\x1b[B \r');
    await terminal.shows(/This is orders-api now/);

    expect(await terminal.ended()).toBe(0);
    expect(JSON.parse(asked.read('.template.json'))).toMatchObject({
      answers: {
        name: 'orders-api',
        description: 'The service orders-api',
        owner: '@acme/orders',
        image: '',
        repository: 'https://github.com/acme/orders-api',
        port: 9000,
        managementPort: 8081,
        licence: 'Apache-2.0',
        without: [LISTS[1]],
      },
    });
  });

  testOnTerminal('changes nothing if the person has had enough', async () => {
    const before = clone.state();
    const terminal = new Terminal('npm run --silent init', {}, clone.folder);

    await terminal.shows(/Its name/);
    terminal.type('\x03');

    await terminal.shows(/Nothing was changed/);
    expect(await terminal.ended()).toBe(1);
    expect(clone.state()).toBe(before);
  });

  testWherePossible('shows with --dry-run what it would do, and does not do it', () => {
    const before = clone.state();
    const { code, stdout } = clone.npm('init', 'orders-api', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`-name: ${TEMPLATE}\n`);
    expect(stdout).toContain('+name: orders-api\n');
    expect(clone.state()).toBe(before);
  });

  testWherePossible('refuses a tree that has changes, new files included', () => {
    const dirty = cloneOf(template);
    dirty.write('notes.txt', 'mine');
    expect(refusal(dirty, 'orders-api')).toContain('?? notes.txt');
    dirty.remove();
  });

  testWherePossible('refuses what is no template, and what has been made of it already', () => {
    const other = cloneOf(template);
    other.edit('package.json', `"name": "${TEMPLATE}"`, '"name": "mine"');
    other.commit('Rename by hand');
    expect(refusal(other, 'orders-api')).toContain('package.json names it mine');

    other.write('.template.json', '{}');
    other.commit('Make a project of it');
    expect(refusal(other, 'orders-api')).toContain('this is a project already');
    other.remove();
  });

  testWherePossible('leaves everything as it was if something fails on the way', () => {
    const broken = cloneOf(template);
    broken.write('scripts/docs.ts', 'throw new Error("no disk");\n');
    broken.commit('Break the docs');
    expect(refusal(broken, 'orders-api')).toContain('no disk');
    broken.remove();
  });
});
