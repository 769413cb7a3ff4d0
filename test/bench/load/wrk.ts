// wrk, if it is on PATH (Debian: apt-get install wrk).
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Ask, Generator, Tally } from './ask.ts';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));
const run = promisify(execFile);

export function wrk(): Generator | undefined {
  const { error, stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' });
  if (error !== undefined) return undefined;
  const [version = 'wrk'] = stdout.split('\n', 1);
  return { name: version.replace(/ Copyright.*/, ''), load };
}

async function load({ port, path, body, seconds, connections }: Ask): Promise<Tally> {
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ['-t1', `-c${connections}`, `-d${seconds}`, '-s', SCRIPT, url];
  const { stdout } = await run('wrk', args, {
    env: { ...process.env, ...(body !== undefined && { BODY: body }) },
  });
  const [json] = /^\{.*\}$/m.exec(stdout) ?? [];
  if (json === undefined) throw new Error(`wrk has counted nothing:\n${stdout}`);
  return JSON.parse(json) as Tally;
}
