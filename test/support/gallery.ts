import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Wanted } from './rehearsal-plan.ts';

/** The folder of the programs. */
export const GALLERY = fileURLToPath(new URL('../rehearsal/programs/', import.meta.url));

/** A small program, and what its head says of it. */
export interface Exhibit {
  name: string;
  /** What is wrong with it, for people. */
  truth: string;
  /** What the finding has to say and to advise: the first one, or one of them. */
  says: { text: RegExp; advice: RegExp; first: boolean };
  /** How it is rehearsed. */
  wanted: Wanted;
  /** What runs it. */
  runner: string;
}

const RUNNERS: Record<string, string> = { mjs: process.execPath, py: 'python3', go: 'go', sh: 'bash' };

/** Whether it can be run: not all of them know --version. */
export function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program))) || existsSync(program);
}

/** All of them, read from their heads. */
export function exhibits(): Exhibit[] {
  return readdirSync(GALLERY).map((name) => {
    const head = [...readFileSync(join(GALLERY, name), 'utf8').matchAll(/^(?:\/\/|#) (\w+): (.*)$/gm)];
    const of = new Map(head.map(([, key = '', value = '']) => [key, value]));
    const must = (key: string) => {
      const value = of.get(key);
      if (value === undefined) throw new Error(`${name} has no "${key}:" in its head`);
      return value;
    };
    const parts = ['load', 'pod', 'network'].flatMap((part) => {
      const json = of.get(part);
      return json === undefined ? [] : [[part, JSON.parse(json) as object]];
    });
    const says = {
      text: new RegExp(must('says')),
      advice: new RegExp(must('advice')),
      first: of.get('among') === undefined,
    };
    const runner = name.includes('nginx') ? 'nginx' : (RUNNERS[name.split('.').at(-1) ?? ''] ?? '');
    return { name, truth: must('truth'), says, wanted: Object.fromEntries(parts) as Wanted, runner };
  });
}

/**
 * The command line of a program; those in Go are compiled first.
 *
 * @param folder for what is compiled
 */
export async function commandOf({ name }: Exhibit, folder: string): Promise<string> {
  const path = join(GALLERY, name);
  const kind = name.split('.').at(-1) ?? '';
  if (kind !== 'go') return `${RUNNERS[kind]} ${path}`;
  const binary = join(folder, 'program');
  await promisify(execFile)('go', ['build', '-o', binary, path]);
  return binary;
}
