import { type Document, isScalar, parseDocument } from 'yaml';
import type { Folder } from './folder.ts';

/** What `{{word}}` in a step or a file stands for. */
export type Words = Record<string, string>;

export interface PerformOptions {
  words?: Words;
  /** The words of what is there already: a `swap` looks for a text that has them. */
  before?: Words;
  /** A step that finds nothing to do is no error. */
  lenient?: boolean;
}

/** What is left to do when all steps are taken. */
export interface Leftovers {
  /** In the order in which they were met, each once. */
  commands: Set<string>;
  /** The packages are others: package-lock.json is to be made anew. */
  lock: boolean;
}

interface Context extends Leftovers {
  folder: Folder;
  words: Words;
  before: Words;
}

type Outcome = 'done' | 'nothing to do';
type Packages = Record<string, Record<string, string> | undefined>;

/** What every step wrote is formatted by {@link finish}. */
const FORMAT = 'npm run format';

/** The verbs, each with what is behind it on the line; docs/taking-out.md explains them. */
const VERBS: Record<string, (context: Context, rest: string) => Outcome> = {
  delete: ({ folder }, path) => {
    if (!folder.has(path)) return 'nothing to do';
    folder.delete(path);
    return 'done';
  },
  cut: ({ folder }, rest) => {
    const [file, text] = halves(rest);
    if (!folder.has(file)) return 'nothing to do';
    const lines = folder.read(file).split('\n');
    const kept = lines.filter((line) => !line.includes(text));
    return change(folder, file, kept.join('\n'));
  },
  section: ({ folder }, rest) => {
    const [file, heading] = halves(rest);
    if (!folder.has(file)) return 'nothing to do';
    const page = folder.read(file);
    const start = page.indexOf(`\n${heading}\n`);
    if (start < 0) return 'nothing to do';
    const level = heading.slice(0, heading.indexOf(' '));
    const next = page.indexOf(`\n${level} `, start + 1);
    return change(folder, file, page.slice(0, start) + (next < 0 ? '\n' : page.slice(next)));
  },
  drop: ({ folder }, rest) => {
    const [file, key] = halves(rest);
    if (!folder.has(file)) return 'nothing to do';
    return edit(folder, file, (document) => document.deleteIn(key.split('.')));
  },
  set: ({ folder, words }, rest) => {
    const [file, assignment] = halves(rest);
    const [key, text] = halves(assignment);
    return edit(folder, file, (document) => set(document, key.split('.'), fill(text, words)));
  },
  swap: ({ folder, words, before }, rest) => {
    const [file, texts] = halves(rest);
    const at = texts.lastIndexOf(' => ');
    const [from, to] = at < 0 ? [texts, texts] : [texts.slice(0, at), texts.slice(at + ' => '.length)];
    const text = folder.read(file);
    const old = fill(from, before);
    if (!text.includes(old)) throw new Error(`there is no ${JSON.stringify(old)}`);
    folder.write(
      file,
      text.replaceAll(old, () => fill(to, words)),
    );
    return 'done';
  },
  copy: ({ folder, words }, rest) => {
    const [from, to] = halves(fill(rest, words));
    folder.write(to, fill(folder.read(from), words));
    return 'done';
  },
  with: (context, rest) => {
    const [word, step] = halves(rest);
    return context.words[word] ? take(context, step) : 'done';
  },
  uninstall: (context, name) => {
    const manifest = context.folder.readJson('package.json') as Packages;
    const places = [manifest['dependencies'], manifest['devDependencies']];
    if (!places.some((packages) => packages !== undefined && name in packages)) return 'nothing to do';
    for (const packages of places) delete packages?.[name];
    context.folder.writeJson('package.json', manifest);
    context.lock = true;
    return 'done';
  },
  lock: (context) => {
    context.lock = true;
    return 'done';
  },
  run: ({ commands }, command) => {
    if (command !== FORMAT) commands.add(command);
    return 'done';
  },
};

/** The lists of a page by their names, a step on each line: blocks of code that say `takeout NAME`. */
export function listsOf(page: string): Record<string, string[]> {
  const blocks = page.matchAll(/^```takeout (\S+)\n([^]*?)^```$/gm);
  return Object.fromEntries([...blocks].map(([, name = '', steps = '']) => [name, linesOf(steps)]));
}

/** The steps of a text: all of its lines but the empty ones and comments. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Takes steps, in their order.
 *
 * @throws Error with the step that could not be taken, and why
 */
export function perform(folder: Folder, steps: string[], options: PerformOptions = {}): Leftovers {
  const { words = {}, before = {}, lenient = false } = options;
  const context: Context = { folder, words, before, commands: new Set(), lock: false };
  for (const step of steps) {
    let outcome: Outcome;
    try {
      outcome = take(context, step);
    } catch (error) {
      throw new Error(`${step}: ${(error as Error).message}`, { cause: error });
    }
    if (outcome === 'nothing to do' && !lenient) throw new Error(`${step}: there is nothing to do`);
  }
  return context;
}

function take(context: Context, step: string): Outcome {
  const [verb, rest] = halves(step);
  const act = VERBS[verb];
  if (act === undefined) throw new Error(`no step begins with ${verb}`);
  return act(context, rest);
}

function change(folder: Folder, file: string, text: string): Outcome {
  if (text === folder.read(file)) return 'nothing to do';
  folder.write(file, text);
  return 'done';
}

/** Changes a JSON or YAML file, whose comments stay. `act` says whether there was something to do. */
function edit(folder: Folder, file: string, act: (document: Document) => boolean): Outcome {
  const document = parseDocument(folder.read(file));
  if (!act(document)) return 'nothing to do';
  if (file.endsWith('.json')) folder.writeJson(file, document.toJS());
  else folder.write(file, document.toString({ lineWidth: 0 }));
  return 'done';
}

function set(document: Document, path: string[], text: string): boolean {
  const node = document.getIn(path, true);
  const value = isScalar(node) && typeof node.value === 'number' ? Number(text) : text;
  if (!isScalar(node)) document.setIn(path, value);
  else if (node.value === value) return false;
  else node.value = value; // and the comment behind it stays
  return true;
}

/** The text with the answers where it has words for them. @throws Error for a word that nobody has answered */
export function fill(text: string, words: Words): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_all, word: string) => {
    const value = words[word];
    if (value === undefined) throw new Error(`nobody knows what {{${word}}} is`);
    return value;
  });
}

/** The text before the first space and that behind it. */
export function halves(text: string): [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
