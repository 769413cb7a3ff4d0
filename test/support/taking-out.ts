import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { Copy } from './copy.ts';

/** The lists of docs/taking-out.md by their names, a step on each line. */
export const LISTS: Record<string, string[]> = Object.fromEntries(
  [...readFileSync('docs/taking-out.md', 'utf8').matchAll(/^```takeout (\S+)\n([^]*?)^```$/gm)].map(
    ([, name = '', steps = '']) => [name, steps.trim().split('\n')],
  ),
);

/** The packages of a copy are those of the repository: they stay where they are. */
const LOCK_ONLY = ['--package-lock-only', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];

/** What a step did: nothing is fine only where another list may have done it before. */
type Step = (copy: Copy, rest: string) => 'done' | 'nothing to do' | Error;

const STEPS: Record<string, Step> = {
  delete: (copy, path) => {
    if (!copy.has(path)) return 'nothing to do';
    copy.delete(path);
    return 'done';
  },
  cut: (copy, rest) => {
    const [file, text] = halves(rest);
    const lines = copy.read(file).split('\n');
    const kept = lines.filter((line) => !line.includes(text));
    copy.write(file, kept.join('\n'));
    return kept.length < lines.length ? 'done' : 'nothing to do';
  },
  section: (copy, rest) => {
    const [file, heading] = halves(rest);
    const page = copy.read(file);
    const start = page.indexOf(`\n${heading}\n`);
    if (start < 0) return 'nothing to do';
    const level = heading.slice(0, heading.indexOf(' '));
    const next = page.indexOf(`\n${level} `, start + 1);
    copy.write(file, page.slice(0, start) + (next < 0 ? '\n' : page.slice(next)));
    return 'done';
  },
  drop: (copy, rest) => {
    const [file, key] = halves(rest);
    const path = key.split('.');
    const document = parseDocument(copy.read(file));
    if (!document.deleteIn(path)) return 'nothing to do';
    copy.write(
      file,
      file.endsWith('.json')
        ? `${JSON.stringify(document.toJS(), undefined, 2)}\n`
        : document.toString({ lineWidth: 0 }),
    );
    return 'done';
  },
  uninstall: (copy, name) => {
    const before = copy.read('package.json');
    const complaints = copy.complaintsOf('npm', 'uninstall', ...LOCK_ONLY, name);
    if (complaints !== '') return new Error(complaints);
    return before === copy.read('package.json') ? 'nothing to do' : 'done';
  },
  lock: (copy) => {
    const before = copy.read('package-lock.json');
    const complaints = copy.complaintsOf('npm', 'install', ...LOCK_ONLY);
    if (complaints !== '') return new Error(complaints);
    return before === copy.read('package-lock.json') ? 'nothing to do' : 'done';
  },
  run: (copy, command) => {
    const complaints = copy.complaintsOf('sh', '-c', command);
    return complaints === '' ? 'done' : new Error(complaints);
  },
};

/**
 * Takes the steps of a list, in its order.
 *
 * @param done lists that were performed before on the same copy
 * @throws Error if a step says what can't be done, or has nothing to do and no other list has the same step
 */
export function takeOut(copy: Copy, name: string, done: string[] = []): void {
  const before = new Set(done.flatMap((other) => LISTS[other] ?? []));
  for (const line of LISTS[name] ?? []) {
    const [verb, rest] = halves(line);
    const step = STEPS[verb];
    if (step === undefined) throw new Error(`${line}: no step begins with ${verb}`);
    const result = step(copy, rest);
    if (result instanceof Error) throw new Error(`${line}: ${result.message}`, { cause: result });
    if (result === 'nothing to do' && !before.has(line)) throw new Error(`${line}: there is nothing to do`);
  }
}

/** Packages that a list removes. */
export function uninstalledBy(name: string): string[] {
  return (LISTS[name] ?? []).filter((line) => line.startsWith('uninstall ')).map((line) => halves(line)[1]);
}

/** Paths of values that the chart does not have after a list. */
export function valuesDroppedBy(name: string): string[] {
  const lines = (LISTS[name] ?? []).filter((line) => line.startsWith('drop helm/values.yaml '));
  return lines.map((line) => line.slice(line.lastIndexOf(' ') + 1));
}

/** The text before the first space and that behind it. */
function halves(text: string): [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
