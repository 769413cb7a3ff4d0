import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Copy, DockerfileParser, type From, type Label } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { ownOfWorkspace, productionOf, versionsIn } from '../support/lockfile.ts';

const text = readFileSync('Dockerfile', 'utf8');
const dockerfile = DockerfileParser.parse(text);
const instructions = dockerfile.getInstructions();
const stages = instructions.filter((instruction): instruction is From => instruction.getKeyword() === 'FROM');
const final = instructions.slice(
  instructions.findLastIndex((instruction) => instruction.getKeyword() === 'FROM'),
);
const own = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;

/** The arguments of the only such instruction of the final stage. */
function only(keyword: string): string {
  const found = final.filter((instruction) => instruction.getKeyword() === keyword);
  expect(found).toHaveLength(1);
  return found[0]?.getArgumentsContent() ?? '';
}

test('the linter has nothing to say', () => {
  expect(validate(text).map(({ message }) => message)).toEqual([]);
});

test('builds need nothing but the base images: no frontend from a registry, no download', () => {
  expect(dockerfile.getDirectives()).toEqual([]);
  expect(instructions.map((instruction) => instruction.getKeyword())).not.toContain('ADD');
});

test('each base image is an argument, whose default is a stage that Dependabot can read', () => {
  const pinned = stages.filter((stage) => /[/:@]/.test(stage.getImage() ?? ''));
  const names = pinned.map((stage) => stage.getBuildStage());
  const defaults = dockerfile.getInitialARGs().map((arg) => arg.getProperty()?.getValue());
  expect(defaults).toEqual(names);

  const built = stages.filter((stage) => !pinned.includes(stage));
  const allowed = [
    ...dockerfile.getInitialARGs().map((arg) => `\${${arg.getProperty()?.getName()}}`),
    ...built.map((stage) => stage.getBuildStage()),
  ];
  for (const stage of built) expect(allowed).toContain(stage.getImage());
});

test('both base images have the Node of .nvmrc, and a digest', () => {
  const line = readFileSync('.nvmrc', 'utf8').trim();
  const [node, runtime] = stages.map((stage) => stage.getImage());
  expect(node).toMatch(new RegExp(String.raw`/node:${line}-trixie-slim@sha256:[0-9a-f]{64}$`));
  expect(runtime).toMatch(new RegExp(String.raw`/nodejs${line}-debian\d+:nonroot@sha256:[0-9a-f]{64}$`));
});

test('what is copied from a stage is from one above', () => {
  const names = stages.map((stage) => stage.getBuildStage());
  const sources = dockerfile
    .getCOPYs()
    .flatMap((copy) => copy.getFlags().filter((flag) => flag.getName() === 'from'))
    .map((flag) => flag.getValue());
  expect(sources.length).toBeGreaterThan(2);
  for (const source of sources) expect(names).toContain(source);
});

test('the user is a number, which runAsNonRoot can check', () => {
  expect(only('USER')).toBe('65532:65532');
});

test('the command needs no shell', () => {
  expect(JSON.parse(only('ENTRYPOINT'))).toEqual(['/nodejs/bin/node']);
  expect(JSON.parse(only('CMD'))).toContain('/app/dist/main.js');
});

test('it is stopped by SIGTERM, and probed by the kubelet only', () => {
  expect(only('STOPSIGNAL')).toBe('SIGTERM');
  expect(dockerfile.getHEALTHCHECKs()).toEqual([]);
});

test('what is new in every build comes last', () => {
  const keywords = final.map((instruction) => instruction.getKeyword());
  expect(keywords.slice(keywords.indexOf('ARG'))).toEqual(['ARG', 'ARG', 'ENV', 'LABEL']);
});

test('the labels say what package.json says', () => {
  const [label] = final.filter((instruction): instruction is Label => instruction.getKeyword() === 'LABEL');
  const labels = Object.fromEntries(
    (label?.getProperties() ?? []).map((property) => [property.getName(), property.getValue()]),
  ) as object;
  expect(labels).toMatchObject({
    'org.opencontainers.image.title': own['name'],
    'org.opencontainers.image.description': own['description'],
    'org.opencontainers.image.licenses': own['license'],
  });
});

test('.dockerignore lets in what is copied, and nothing else', () => {
  const rules = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => /^[^#]/.test(line));
  const fromContext = (copy: Copy) => copy.getFlags().every((flag) => flag.getName() !== 'from');
  const copied = dockerfile
    .getCOPYs()
    .filter(fromContext)
    .flatMap((copy) => copy.getArguments().slice(0, -1).map(String));
  expect(rules[0]).toBe('*');
  expect(rules.slice(1).sort()).toEqual(copied.map((path) => `!${path}`).sort());
});

test('what its first stage installs is what the service needs in production, and nothing of the rehearsal', () => {
  const [first] = dockerfile.getCOPYs();
  const [, install = ''] = /npm (ci .*)/.exec(text) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'stage-'));
  try {
    for (const file of first?.getArguments().slice(0, -1).map(String) ?? []) {
      copyFileSync(file, join(folder, file));
    }
    execFileSync('npm', [...install.split(' '), '--prefer-offline'], { cwd: folder, stdio: 'pipe' });
    const installed = versionsIn(join(folder, 'node_modules/.package-lock.json'));

    expect(installed).toEqual(productionOf('.'));
    const names = installed.map((entry) => entry.replace(/^node_modules\/| .*$/g, ''));
    // It may have been taken out, and then none of it is there either.
    const ofTheRehearsal = existsSync('rehearsal') ? ownOfWorkspace('.', 'rehearsal') : ['commander'];
    expect(ofTheRehearsal).toContain('commander');
    expect(names.filter((name) => ofTheRehearsal.includes(name))).toEqual([]);
    expect(names).not.toContain('lastcall-rehearse');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);

test('the lockfile names no registry', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { resolved?: string }>;
  };
  const hosts = Object.values(packages).filter(({ resolved }) => resolved?.includes('://'));
  expect(hosts).toEqual([]);
});
