import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder whose files are changed, and which knows which of them were. */
export class Folder {
  readonly folder: string;
  readonly written = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    this.written.add(path);
  }

  /** @throws Error if it is no JSON */
  readJson(path: string): unknown {
    return JSON.parse(this.read(path));
  }

  writeJson(path: string, value: unknown): void {
    this.write(path, `${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** A file or a whole folder. */
  delete(path: string): void {
    rmSync(this.at(path), { recursive: true });
    for (const file of this.written)
      if (file === path || file.startsWith(`${path}/`)) this.written.delete(file);
  }

  /** All files that it has now, by their paths in it, without packages and what is built. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter((path) => !/^(?:node_modules|dist)\//.test(path));
  }
}
