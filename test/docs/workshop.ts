import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Block } from '../../scripts/docs-blocks.ts';

/** A copy of the service whose `src/service/snippets/` has code blocks of the docs. */
export interface Workshop {
  folder: string;
  /** The file of a block, in the build. */
  built: (block: Block) => string;
  /** Compiles all of it; what tsc says, nothing if all is well. */
  compile: () => string;
  remove: () => void;
}

/** What a block that is `ts partial` may use without saying where it is from. */
const PRELUDE = `
import type { Request, Response, Router } from 'express';
import type { Pool } from 'pg';
import { secret, url } from '#lastcall';
import type { Parts } from '../variables.ts';
declare const parts: Parts;
declare const router: Router;
declare const pool: Pool;
declare const req: Request;
declare const res: Response;
`;

export function workshop(blocks: Block[]): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  for (const name of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(name, join(folder, name), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const snippets = join('service', 'snippets');
  mkdirSync(join(folder, 'src', snippets));
  for (const block of blocks)
    writeFileSync(join(folder, 'src', snippets, `${nameOf(block)}.ts`), moduleOf(block));
  return {
    folder,
    built: (block) => join(folder, 'dist', snippets, `${nameOf(block)}.js`),
    compile: () => {
      // A part of something need not use all that the prelude has.
      const args = ['-p', join(folder, 'tsconfig.build.json'), '--noUnusedLocals', 'false'];
      return spawnSync('node_modules/.bin/tsc', args, { encoding: 'utf8' }).stdout;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** `docs/gateway.md`, line 60 → `docs-gateway-md-60`. */
export function nameOf({ page, line }: Block): string {
  return `${page.replaceAll(/\W/g, '-')}-${line}`;
}

function moduleOf({ info, code }: Block): string {
  return info === 'partial' ? `${PRELUDE}\nexport async function partial() {\n${code}}\n` : code;
}
