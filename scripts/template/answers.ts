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
  port: number;
  managementPort: number;
  /** SPDX, or `UNLICENSED`. */
  licence: string;
  /** The year of the copyright. */
  year: number;
  /** Names of lists in docs/taking-out.md, in the order of that page. */
  without: string[];
}

/** Where a project came from: `.template.json`. */
export interface Origin {
  /** Any URL or path that git can fetch; empty if nobody knows. */
  from: string;
  name: string;
  version: string;
  commit: string;
  /** Of git. A repository that was made with "Use this template" has a commit of its own, but this very tree. */
  tree: string;
}

export interface Record {
  template: Origin;
  answers: Answers;
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
    repository: answers.image || `REGISTRY/${answers.name}`,
    holder: answers.owner.replace(/^@/, '') || `the ${answers.name} authors`,
    template: origin.name,
  };
}

/** @throws Error if the folder is no template */
export function ownAnswers(folder: Folder): Answers {
  return JSON.parse(folder.read(OWN_ANSWERS)) as Answers;
}

/** @throws Error if it can't be read */
export function readRecord(folder: Folder): Record {
  return JSON.parse(folder.read(RECORD)) as Record;
}

export function writeRecord(folder: Folder, record: Record): void {
  folder.write(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
}
