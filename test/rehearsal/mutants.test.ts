import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import type { Subject } from '../../rehearsal/subject/subject.ts';
import { planOf, rehearsed, service } from '../support/rehearsal-plan.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MINUTE = 60_000;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The fixture on the built engine without one of its protections. */
function mutant(file: string, from: string, to: string, variables: Record<string, string> = {}): Subject {
  const folder = mkdtempSync(join(ROOT, 'dist-mutant-'));
  folders.push(folder);
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (!source.includes(from)) throw new Error(`${file} has no "${from}": bring the mutant up to date`);
  writeFileSync(path, source.replace(from, to));
  const { program, pod } = service(variables);
  const environment = { ...program.environment, DIST: `${basename(folder)}/` };
  return { program: { ...program, environment }, pod };
}

test(
  'a service that no longer says Connection: close is found',
  async () => {
    const silent = mutant('lastcall/listener/close-header.js', 'connection.newest === request', 'false', {
      SHUTDOWN_DRAIN_TIMEOUT: '1s',
    });

    const { findings } = await rehearsed(planOf(silent, { load: { rate: 200, fresh: 0 } }));

    expect(findings.map(({ setting }) => setting)).toContain('Connection: close');
    expect(findings.map(({ text }) => text).join('\n')).toMatch(/ 0 (had )?said Connection: close/);
  },
  MINUTE,
);

test(
  'a service that counts what it has not answered does not agree with its clients',
  async () => {
    const liar = mutant(
      'lastcall/listener/connections.js',
      "? 'answered' : 'cut'",
      "? 'answered' : 'answered'",
      {
        SHUTDOWN_DRAIN_TIMEOUT: '300ms',
      },
    );

    const { requests, agreement } = await rehearsed(
      planOf(liar, { scenario: 'stuck-request', load: { slow: 0.2, slowMs: 5000 } }),
    );

    expect(requests.lost).toBeGreaterThan(0);
    expect(agreement).toBe('differ');
  },
  MINUTE,
);
