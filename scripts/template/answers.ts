import type { Folder } from './folder.ts';
import type { Words } from './steps.ts';

/** What a service is called, where it is published, what it does without. */
export interface Answers {
  name: string;
  description: string;
  /** `@organisation/team`, `@user` or an address; may be empty. */
  owner: string;
  /** `registry/path` without a tag; empty: that of the repository on GitHub. */
  image: string;
  /** Where its source is, `https://…`; may be empty. */
  repository: string;
  port: number;
  managementPort: number;
  /** SPDX, or `UNLICENSED`. */
  licence: string;
  /** The year of the copyright. */
  year: number;
  /** Names of lists in docs/taking-out.md, in the order of that page. */
  without: string[];
}

/** Where a project came from. */
export interface Origin {
  /** Any URL or path that git can fetch; empty if nobody knows. */
  from: string;
  name: string;
  version: string;
  commit: string;
  /** Of git. A repository that was made with "Use this template" has a commit of its own, but this very tree. */
  tree: string;
}

/** What `.template.json` has. */
export interface TemplateRecord {
  template: Origin;
  answers: Answers;
}

/** As much of package.json as is asked for. */
export interface Manifest {
  name: string;
  version: string;
  repository?: { url?: string };
}

export const RECORD = '.template.json';
/** Only the template has it: what it answers to its own questions. */
export const OWN_ANSWERS = 'scripts/template/answers.json';

/** The answers as words; a holder of the copyright there always is. */
export function wordsOf(answers: Answers, origin: Pick<Origin, 'name'>): Words {
  const texts = Object.fromEntries(Object.entries(answers).map(([key, value]) => [key, String(value)]));
  const [registry = ''] = answers.image.split('/');
  return {
    ...texts,
    registry,
    imageName: answers.image || `REGISTRY/${answers.name}`,
    holder: answers.owner.replace(/^@/, '') || `the ${answers.name} authors`,
    template: origin.name,
  };
}

/** @throws Error if the folder is no template */
export function ownAnswers(folder: Folder): Answers {
  return folder.readJson(OWN_ANSWERS) as Answers;
}

export function manifestOf(folder: Folder): Manifest {
  return folder.readJson('package.json') as Manifest;
}
