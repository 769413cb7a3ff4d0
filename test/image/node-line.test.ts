import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const FILES = ['.nvmrc', 'Dockerfile', 'docs/image.md', '.devcontainer/devcontainer.json'];
const DIGEST = `sha256:${'c'.repeat(64)}`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'node-line-'));
  for (const file of [...FILES, 'scripts/node-line.sh']) cpSync(file, join(folder, file));
});
afterEach(() => rmSync(folder, { recursive: true }));

function move(line: string, docker: string) {
  writeFileSync(join(folder, 'docker'), `#!/usr/bin/env bash\n${docker}\n`, { mode: 0o755 });
  const { status, stderr } = spawnSync(join(folder, 'scripts/node-line.sh'), [line], {
    env: { PATH: `${folder}:${process.env['PATH']}` },
    encoding: 'utf8',
  });
  return { code: status, said: stderr, files: FILES.map((file) => readFileSync(join(folder, file), 'utf8')) };
}

test('one command moves everything to another line of Node, with the digests of that', () => {
  const { code, files } = move('28', `[[ $6 = *28* ]] && echo ${DIGEST}`);
  const [nvmrc, dockerfile = '', page, container] = files;

  expect({ code, nvmrc }).toEqual({ code: 0, nvmrc: '28\n' });
  expect(dockerfile.match(/^FROM .*:.*/gm)).toEqual([
    `FROM docker.io/library/node:28-trixie-slim@${DIGEST} AS pinned-node`,
    `FROM gcr.io/distroless/nodejs28-debian13:nonroot@${DIGEST} AS pinned-runtime`,
  ]);
  expect(container).toContain('typescript-node:28-');
  const named = [dockerfile, page].flatMap((text) => text?.match(/(?<=\/node(js|:))\d+(?=-)/g));
  expect(new Set(named)).toEqual(new Set(['28']));
});

test('a digest that can not be read changes nothing', () => {
  const before = FILES.map((file) => readFileSync(file, 'utf8'));
  expect(move('28', 'exit 1')).toMatchObject({ code: 1, files: before });
  expect(move('lts', 'exit 1')).toMatchObject({ code: 2, files: before });
});
