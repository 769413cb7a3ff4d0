import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { OBSTACLE } from '../support/copy.ts';
import { unlessMissing } from '../support/skipping.ts';
import { cloneOf, type GitFolder, projectOf, templateRepository } from '../support/template.ts';
import { scripts } from '../support/workflows.ts';
import type { Said } from '../support/workplace.ts';

jest.setTimeout(300_000);

const testWherePossible = unlessMissing(test, 'npm run template:update', OBSTACLE);

let template: GitFolder;
/** Made of it with a name alone. */
let project: GitFolder;
let service: GitFolder;

beforeAll(() => {
  if (OBSTACLE !== undefined) return;
  template = templateRepository();
  project = projectOf(template, 'orders-api');
});

beforeEach(() => {
  if (OBSTACLE === undefined) template.git('checkout', '--quiet', '-B', 'main', 'v0.1.0');
});

afterEach(() => {
  for (const tag of template?.git('tag').split('\n') ?? [])
    if (tag !== 'v0.1.0') template.git('tag', '-d', tag);
  service?.remove();
});

afterAll(() => {
  template?.remove();
  project?.remove();
});

/** A service that was made of the first version of the template. */
function made(...answers: string[]): void {
  service = answers.length === 0 ? cloneOf(project) : projectOf(template, 'orders-api', ...answers);
}

/** A release of the template. */
function release(version: string, changes: (folder: GitFolder) => void): void {
  changes(template);
  template.edit(
    'package.json',
    /"version": "[^"]+"/.exec(template.read('package.json'))?.[0] ?? '',
    `"version": "${version}"`,
  );
  template.commit(`Release ${version}`);
  template.git('tag', `v${version}`);
}

/** The update, which has to succeed. */
function updated(...args: string[]): Said {
  const said = service.npm('template:update', ...args);
  expect(said).toMatchObject({ code: 0, stderr: '' });
  return said;
}

/** Paths that `git status` calls so. */
function paths(status: string): string[] {
  const lines = service.git('status', '--porcelain').split('\n');
  return lines.filter((line) => line.startsWith(status)).map((line) => line.slice(3));
}

const conflicts = () => [...paths('UU'), ...paths('AA'), ...paths('UD'), ...paths('DU')];

describe('an update', () => {
  testWherePossible('has no conflict with what a service changes of its own', () => {
    made();
    service.delete('src/service/slow');
    service.delete('test/service/slow.test.ts');
    service.edit('src/service/app.ts', "import { slow } from './slow/slow.ts';\n", '');
    service.edit(
      'src/service/app.ts',
      '[home, echo, slow, events, chat, orders]',
      '[home, echo, events, chat, orders]',
    );
    service.edit('src/service/home/home.ts', "'/'", "'/home'");
    service.edit('src/service/orders/variables.ts', "default: '100'", "default: '50'");
    service.edit('helm/values.yaml', 'replicaCount: 2', 'replicaCount: 5');
    service.edit('README.md', '## Run it', '## How to run it');
    service.edit('.github/workflows/ci.yaml', 'timeout-minutes: 10', 'timeout-minutes: 15');
    service.edit('package.json', '"express": ', '"debug": "4.4.3",\n    "express": ');
    service.edit('docs/configuration.md', '# Configuration', '# What can be set');
    service.npm('docs');
    service.commit('Make it ours');
    release('0.2.0', (next) => {
      next.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 200');
      next.write('src/lastcall/lifecycle/new.ts', 'export const NEW = 1;\n');
      next.edit('src/lastcall/config/schema.ts', "default: '65s'", "default: '75s'");
      next.edit('helm/values.yaml', 'window: 5s', 'window: 6s');
      next.edit('README.md', 'A microservice to start from', 'A service to start from');
      next.edit('.github/workflows/ci.yaml', 'name: ci', 'name: checks');
      next.edit('package.json', '"helmet": ', '"debug": "4.4.3",\n    "helmet": ');
      next.npm('docs');
      next.npm('chart:readme');
    });

    const { stdout } = updated();

    expect(conflicts()).toEqual([]);
    expect(service.read('src/lastcall/run.ts')).toContain('MAX_SHOWN_REQUESTS = 200');
    expect(service.has('src/lastcall/lifecycle/new.ts')).toBe(true);
    expect(service.read('helm/values.yaml')).toMatch(/replicaCount: 5/);
    expect(service.read('helm/values.yaml')).toMatch(/window: 6s/);
    expect(service.read('.github/workflows/ci.yaml')).toMatch(/^name: checks$[^]*timeout-minutes: 15/m);
    expect(service.read('README.md')).toMatch(/^# orders-api\n[^]*## How to run it/);
    expect(service.has('src/service/slow')).toBe(false);
    const manifest = JSON.parse(service.read('package.json')) as { name: string; version: string };
    expect(manifest).toMatchObject({ name: 'orders-api', version: '0.1.0' });
    // Made of what both have now.
    expect(service.read('docs/configuration.md')).toMatch(/^\| `KEEP_ALIVE_TIMEOUT` +\| `75s`/m);
    expect(service.read('docs/configuration.md')).toMatch(/^\| `ORDERS_MAX_QUANTITY` +\| `50`/m);
    expect(service.read('helm/README.md')).toContain('| `shutdown.window` | `"6s"` |');
    expect(service.read('helm/README.md')).toContain('| `replicaCount` | `5` |');
    expect(stdout).toContain("git commit -m 'Update the template to v0.2.0'");
  });

  testWherePossible('takes what the template has changed of an engine line, and says where both have', () => {
    made();
    service.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 10');
    service.commit('Show less');
    release('0.2.0', (next) =>
      next.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 200'),
    );

    const { stdout } = updated();

    expect(conflicts()).toEqual(['src/lastcall/run.ts']);
    expect(stdout).toContain('  src/lastcall/run.ts\n');
    expect(service.read('src/lastcall/run.ts')).toMatch(
      /^<<<<<<< .*yours\n.* = 10;\n=======\n.* = 200;\n>>>>>>> .*v0\.2\.0$/m,
    );
    // As any other conflict of git.
    service.git('checkout', '--theirs', 'src/lastcall/run.ts');
    expect(service.read('src/lastcall/run.ts')).toContain('= 200;');
    service.commit('Update the template to v0.2.0');
    expect(service.npm('template:update', '--check')).toMatchObject({ code: 0 });
  });

  testWherePossible('does not bring back what the answers have taken out', () => {
    made('--without', 'gateway');
    release('0.2.0', (next) => {
      next.write('src/lastcall/gateway/new.ts', 'export const NEW = 1;\n');
      next.edit('src/lastcall/gateway/targets.ts', '/**', '/** New. */\n/**');
      next.edit(
        'docs/taking-out.md',
        'delete test/lastcall/gateway\n',
        'delete test/lastcall/gateway\ndelete test/new\n',
      );
      next.write('test/new/gateway.ts', 'export const NEW = 1;\n');
    });

    updated();

    expect(conflicts()).toEqual([]);
    expect(service.has('src/lastcall/gateway')).toBe(false);
    expect(service.has('test/new')).toBe(false);
  });

  testWherePossible('remembers what was taken out later', () => {
    made();
    expect(service.npm('take-out', 'http-route')).toMatchObject({ code: 0, stderr: '' });
    service.commit('Take out http-route');
    expect(service.npm('take-out', 'http-route')).toMatchObject({ code: 1, stdout: '' });
    release('0.2.0', (next) => next.edit('helm/templates/httproute.yaml', '{{-', '{{- /* new */ -}}\n{{-'));

    updated();

    expect(service.has('helm/templates/httproute.yaml')).toBe(false);
    expect(paths('D ')).toEqual([]);
  });

  testWherePossible('leaves deleted what was deleted by hand, and says so', () => {
    made();
    service.delete('src/service/chat');
    service.commit('Nobody chats');
    release('0.2.0', (next) => next.edit('src/service/chat/chat.ts', '/**', '/** New. */\n/**'));

    const { stdout } = updated();

    expect(conflicts()).toEqual([]);
    expect(service.has('src/service/chat')).toBe(false);
    expect(stdout).toMatch(/they stay deleted:\n {2}src\/service\/chat\/chat\.ts\n/);
  });

  testWherePossible('merges dependencies key by key, and makes the lockfile anew', () => {
    made();
    service.edit('package.json', '"helmet": "8.3.0"', '"helmet": "8.2.0"');
    service.edit('package.json', '"pino": ', '"picocolors": "1.1.1",\n    "pino": ');
    service.commit('Other packages');
    release('0.2.0', (next) => {
      next.edit('package.json', '"path-to-regexp": ', '"ms": "2.1.3",\n    "path-to-regexp": ');
    });

    updated();

    expect(conflicts()).toEqual([]);
    const { dependencies } = JSON.parse(service.read('package.json')) as { dependencies: object };
    expect(dependencies).toMatchObject({ helmet: '8.2.0', picocolors: '1.1.1', ms: '2.1.3' });
    expect(Object.keys(dependencies)).toEqual(Object.keys(dependencies).toSorted());
    const lock = JSON.parse(service.read('package-lock.json')) as { packages: Record<string, object> };
    expect(lock.packages['']).toMatchObject({ name: 'orders-api', dependencies });
    expect(lock.packages['node_modules/helmet']).toMatchObject({ version: '8.2.0' });
  });

  testWherePossible('has a conflict in package.json only where both have changed one key', () => {
    made();
    service.edit('package.json', '"helmet": "8.3.0"', '"helmet": "8.2.0"');
    service.commit('An older helmet');
    release('0.2.0', (next) => next.edit('package.json', '"helmet": "8.3.0"', '"helmet": "8.1.0"'));

    const { stdout } = updated();

    expect(conflicts()).toEqual(['package.json']);
    expect(service.read('package.json')).toMatch(/=======\n {4}"helmet": "8\.1\.0",\n>>>>>>>/);
    expect(stdout).toContain('  npm install\n');
  });

  testWherePossible('goes from the first version through three, in a repository without history', () => {
    service = cloneOf(template);
    service.run('rm', '-rf', '.git');
    service.git('init', '--quiet');
    service.commit('Use this template');
    const args = ['orders-api', '--template', template.folder];
    expect(service.npm('init', ...args)).toMatchObject({ code: 0, stderr: '' });
    service.commit('Start orders-api');
    for (const [version, n] of [
      ['0.2.0', 200],
      ['0.10.0', 1000],
      ['1.0.0', 10_000],
    ] as const) {
      release(version, (next) => {
        const [line = ''] = /MAX_SHOWN_REQUESTS = \d+/.exec(next.read('src/lastcall/run.ts')) ?? [];
        next.edit('src/lastcall/run.ts', line, `MAX_SHOWN_REQUESTS = ${n}`);
      });
      expect(service.npm('template:update', '--check')).toMatchObject({
        code: 1,
        stdout: `1 commit behind v${version} (released since: v${version})\n`,
      });

      updated();

      expect(conflicts()).toEqual([]);
      service.commit(`Update the template to v${version}`);
      expect(service.read('src/lastcall/run.ts')).toContain(`MAX_SHOWN_REQUESTS = ${n}`);
      expect(service.npm('template:update').stdout).toContain(`up to date with v${version}`);
    }
  });
});

describe('the workflow template.yaml', () => {
  const { script = '' } =
    scripts().find(({ at }) => at.startsWith('template.yaml') && at.endsWith('step 5')) ?? {};

  /** What it does in the service, with a `gh` that writes down what it is told; pull requests that are open. */
  function run(open: number): Said & { gh: string } {
    service.write(
      '.git/bin/gh',
      `#!/bin/sh\necho "$@" >>.git/gh\nif [ "$1 $2" = "pr list" ]; then echo ${open}; fi\n`,
    );
    service.run('chmod', '+x', '.git/bin/gh');
    service.write(
      '.git/run.sh',
      `set -eo pipefail\nexport PATH="$PWD/.git/bin:$PATH" RUNNER_TEMP="$PWD/.git" REF=\n${script}`,
    );
    const said = service.run('bash', '.git/run.sh');
    return { ...said, gh: service.has('.git/gh') ? service.read('.git/gh') : '' };
  }

  testWherePossible('pushes a branch with the update, and opens one pull request for it', () => {
    made();
    project.git('config', 'receive.denyCurrentBranch', 'ignore');
    release('0.2.0', (next) =>
      next.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 200'),
    );

    const { code, gh } = run(0);

    expect(code).toBe(0);
    expect(gh).toMatch(
      /^pr create --title chore: update the template, 1 commit behind v0\.2\.0 .* --body-file \S+\n?$/m,
    );
    expect(gh).not.toContain('--draft');
    expect(project.git('show', 'template-update:src/lastcall/run.ts')).toContain('MAX_SHOWN_REQUESTS = 200');
    expect(service.read('.git/body.md')).toContain('Was 1 commit behind v0.2.0');
    project.git('branch', '-D', 'template-update');
  });

  testWherePossible(
    'opens a draft if there are conflicts, changes a pull request that is open, and does nothing without news',
    () => {
      made();
      expect(run(0)).toMatchObject({ code: 0, gh: 'auth setup-git\n' });
      service.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 10');
      service.commit('Show less');
      release('0.2.0', (next) =>
        next.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 200'),
      );

      expect(run(0).gh).toContain('--draft');
      service.git('switch', '--quiet', 'main');
      service.git('branch', '-D', 'template-update');
      service.delete('.git/gh');
      expect(run(1).gh).toMatch(/^pr edit template-update /m);
      project.git('branch', '-D', 'template-update');
    },
  );
});

describe('npm run template:update', () => {
  /** What it says; and that it has left everything as it was. */
  function refusal(...args: string[]): string {
    const before = service.state();
    const { code, stdout, stderr } = service.npm('template:update', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(service.state()).toBe(before);
    expect(stderr).toMatch(/\nNothing was changed\.\n$/);
    return stderr;
  }

  testWherePossible('tells with --check and --dry-run what there is, and changes nothing', () => {
    made();
    release('0.2.0', (next) =>
      next.edit('src/lastcall/run.ts', 'MAX_SHOWN_REQUESTS = 100', 'MAX_SHOWN_REQUESTS = 200'),
    );
    const before = service.state();

    expect(service.npm('template:update', '--check')).toMatchObject({ code: 1, stderr: '' });
    expect(service.npm('template:update', '--dry-run').stdout).toMatch(
      /^\+const MAX_SHOWN_REQUESTS = 200;$/m,
    );
    expect(service.npm('template:update', '--ref', 'v0.1.0').stdout).toContain('up to date with v0.1.0');
    expect(service.state()).toBe(before);
  });

  testWherePossible(
    'refuses a tree with changes, a template that is not there, and a version that it does not have',
    () => {
      made();
      expect(refusal('--from', '/nowhere')).toContain("can't be fetched from /nowhere");
      expect(refusal('--from', 'https://127.0.0.1:1/x.git')).toContain(
        "can't be fetched from https://127.0.0.1:1",
      );
      expect(refusal('--ref', 'v9.9.9')).toContain('no tag, branch or commit v9.9.9');
      expect(refusal('--form', 'x')).toContain("Unknown option '--form'");
      service.edit('README.md', '## Run it', '## How to run it');
      expect(refusal()).toContain(' M README.md');
    },
  );

  testWherePossible(
    'refuses a template that has no release, and one that this service was not made of',
    () => {
      made();
      const other = cloneOf(template);
      other.git('checkout', '--quiet', '--orphan', 'other');
      other.write('new.txt', 'x');
      other.commit('Another template');
      other.git('branch', '-D', 'main');
      for (const ref of other
        .git('for-each-ref', '--format=%(refname)', 'refs/tags', 'refs/remotes')
        .split('\n')) {
        other.git('update-ref', '-d', ref);
      }

      expect(refusal('--from', other.folder)).toContain('the template has no release');
      expect(refusal('--from', other.folder, '--ref', 'other')).toContain('which .template.json names');
      other.remove();
    },
  );

  testWherePossible('refuses what was not made by npm run init', () => {
    service = cloneOf(template);
    expect(refusal()).toContain('it has no .template.json');
  });
});
