import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, manifestOf, type TemplateRecord } from './answers.ts';
import { settle } from './by-key.ts';
import { borrowPackages, call, formatWritten, installPackages, lockPackages } from './finish.ts';
import { Folder } from './folder.ts';
import { COMMANDS, withPartsOf } from './generated.ts';
import { INIT_STEPS, render } from './render.ts';
import { exportTree, type Merged, Refusal, type Repository, withFolder } from './repository.ts';
import type { Source, Version } from './source.ts';

const LOCKFILE = 'package-lock.json';
/** Whose keys are merged, not their lines. */
const BY_KEY = ['package.json', 'rehearsal/package.json'];

export interface Update extends Merged {
  /** Deleted here and changed there: they stay deleted. */
  deleted: string[];
  /** Commands that have to wait until somebody has looked. */
  leftToDo: string[];
}

/**
 * What comes of HEAD when a version of the template is merged into it. Nothing of it is in the index or the working tree.
 *
 * @param record of the project
 * @param from the version that it has
 * @throws Refusal if one of the versions can't be used
 */
export async function mergeTemplate(
  repository: Repository,
  source: Source,
  record: TemplateRecord,
  from: Version,
  to: Version,
): Promise<Update> {
  return withFolder(async (folder) => {
    const at = (name: string) => {
      mkdirSync(join(folder, name));
      return new Folder(join(folder, name));
    };
    const base = await rendered(source, from, at('base'), () => record);
    const theirs = await rendered(source, to, at('theirs'), ({ name, version }) => {
      const { commit, tree } = to;
      return { ...record, template: { from: record.template.from, name, version, commit, tree } };
    });
    const ours = at('ours');
    repository.exportTree('HEAD', ours.folder);
    prepare(base, ours, theirs);
    const merged = repository.merge(
      repository.treeOf(base.folder),
      { name: 'yours', tree: repository.treeOf(ours.folder) },
      { name: to.name, tree: repository.treeOf(theirs.folder) },
    );
    const deleted = deletedHere(merged);
    const stages = merged.stages.filter(({ path }) => !deleted.includes(path));
    const result = at('merged');
    repository.exportTree(merged.tree, result.folder);
    for (const file of deleted) if (result.has(file)) result.delete(file);
    const leftToDo =
      stages.length > 0 ? ['npm install', ...COMMANDS] : makeAnew(result, new Folder(repository.root));
    return { tree: repository.treeOf(result.folder), stages, deleted, leftToDo };
  });
}

/** A version of the template as a project with these answers. */
async function rendered(
  source: Source,
  { tree, name }: Version,
  folder: Folder,
  recordOf: (manifest: Manifest) => TemplateRecord,
): Promise<Folder> {
  exportTree(source.gitDir, tree, folder.folder);
  if (!folder.has(INIT_STEPS)) throw new Refusal(`${name} of the template has no ${INIT_STEPS}`);
  const { answers, template } = recordOf(manifestOf(folder));
  render(folder, answers, template);
  await formatWritten(folder);
  return folder;
}

/** Leaves to a merge of lines only what is to be decided by lines: neither what is made anew, nor what has keys. */
function prepare(base: Folder, ours: Folder, theirs: Folder): void {
  const files = ours.files();
  for (const file of files.filter((path) => path === LOCKFILE || path.endsWith('.md'))) {
    const text = ours.read(file);
    for (const side of [base, theirs]) {
      if (side.has(file)) side.write(file, file === LOCKFILE ? text : withPartsOf(side.read(file), text));
    }
  }
  const sides = [base, ours, theirs];
  for (const file of BY_KEY.filter((path) => sides.every((side) => side.has(path)))) {
    const [old, own, next] = sides.map((side) => side.readJson(file));
    const settled = settle({ base: old, ours: own, theirs: next });
    base.writeJson(file, settled.base);
    ours.writeJson(file, settled.ours);
    theirs.writeJson(file, settled.theirs);
  }
}

/** Paths in conflict that the base has, and HEAD has not. */
function deletedHere({ stages }: Merged): string[] {
  return [...new Set(stages.map(({ path }) => path))].filter((path) => {
    const versions = stages.filter((entry) => entry.path === path).map(({ stage }) => stage);
    return versions.includes('1') && !versions.includes('2');
  });
}

/** The lockfile, and what commands write into pages. Returns the commands that did not succeed. */
function makeAnew(folder: Folder, here: Folder): string[] {
  const read = (side: Folder, file: string) => (side.has(file) ? side.read(file) : undefined);
  const others = BY_KEY.some((file) => read(folder, file) !== read(here, file));
  try {
    if (others) {
      lockPackages(folder);
      installPackages(folder);
    } else {
      borrowPackages(folder, here.folder);
    }
  } catch {
    return ['npm install', ...COMMANDS];
  }
  return COMMANDS.filter((command) => {
    try {
      call(folder, 'sh', '-c', command);
      return false;
    } catch {
      return true;
    }
  });
}
