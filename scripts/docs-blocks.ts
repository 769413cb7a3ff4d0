import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A code block in TypeScript of a page. */
export interface Block {
  page: string;
  /** Of its first line of code. */
  line: number;
  /** Behind `ts`: a file and a region of it, `partial`, or nothing. */
  info: string;
  code: string;
}

/** docs/recipes/ may have been taken out; what else is below docs/ is written by others. */
const FOLDERS = ['docs', 'docs/recipes'].filter((folder) => existsSync(folder));
const DOCS = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));

export const PAGES = ['README.md', ...DOCS].filter((name) => name.endsWith('.md'));

const FENCE = /^```(?:ts|js|typescript|javascript|mjs)(?: (.*))?\n([^]*?)^```$/gm;

/** The code blocks of a page. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(FENCE)].map(({ index, 1: info = '', 2: code = '' }) => {
    return { page, line: text.slice(0, index).split('\n').length + 1, info, code };
  });
}

/** Whether a block is to be put into a file. */
export const isInsertion = ({ info }: Block): boolean => info.includes(' above "');

/** Whether a block is a part of a file of ours: `src/service/orders/orders.ts#routes`. */
export const isOfFile = ({ info }: Block): boolean => /^\S+\.m?[jt]s(?:#\w+)?$/.test(info);

/** What a block of a file has to be: a region of it, or all of it, without the marks of regions. */
export function partOf(info: string): string {
  const [path = '', region] = info.split('#');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const at = (mark: string) => lines.findIndex((line) => line.trim() === `// #${mark} ${region}`);
  const part = region === undefined ? lines : lines.slice(at('region') + 1, at('endregion'));
  if (region !== undefined && (at('region') < 0 || part.length === 0)) {
    throw new Error(`${path} has no region ${region}`);
  }
  const code = part.filter((line) => !/^\s*\/\/ #(end)?region /.test(line));
  const indents = code.filter((line) => line !== '').map((line) => line.search(/\S/));
  return `${code.map((line) => line.slice(Math.min(...indents))).join('\n')}\n`;
}

/** Where the worked example is, nothing that a page shows may be missing. A clone that has taken it out has its own. */
const COMPLETE = existsSync('src/service/orders');

/** A clone takes an example out by its folder; its tests go with it. */
function isThere(info: string): boolean {
  const [path = '', region] = info.split('#');
  const example = path.replace(/^test\/service\/(\w+)\.test\.ts$/, 'src/service/$1/$1.ts');
  if (!existsSync(dirname(example))) return false;
  if (COMPLETE || region === undefined) return true;
  return existsSync(path) && readFileSync(path, 'utf8').includes(`// #region ${region}`);
}

/** The page with all of its blocks of files as the files are. */
export function renderPage(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(FENCE, (block, info: string | undefined, code: string) => {
    const own = { page, line: 0, info: info ?? '', code };
    return isOfFile(own) && isThere(own.info) ? `\`\`\`ts ${own.info}\n${partOf(own.info)}\`\`\`` : block;
  });
}

/** A block that is put into a file: `yaml helm/values.yaml above "logLevel: info"`. */
export interface Insertion {
  file: string;
  anchor: string;
  code: string;
}

/** What a page says to add, in its order. */
export function insertionsOf(page: string): Insertion[] {
  const fence = /^```\w+ (\S+) above "(.*)"\n([^]*?)^```$/gm;
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, file = '', anchor = '', code = '']) => {
    return { file, anchor, code };
  });
}

/** The text with the code above the one line that has the anchor, indented as that is. */
export function insert(text: string, { file, anchor, code }: Insertion): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.trim().startsWith(anchor));
  if (at < 0) throw new Error(`${file} has no line ${anchor}`);
  const indent = /^\s*/.exec(lines[at] ?? '')?.[0] ?? '';
  const added = code
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
  return lines.toSpliced(at, 0, ...added).join('\n');
}
