import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadAll } from '../../../src/lastcall/config/config.ts';
import { tls as room } from '../../../src/lastcall/tls/public.ts';
import { make, mount } from '../../support/certificates.ts';
import { problemsWith } from '../../support/problems.ts';

let folder: string;
let files: { TLS_CERT_FILE: string; TLS_KEY_FILE: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'contradictions-'));
  const { certFile, keyFile } = mount(folder, await make());
  files = { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const problemsOf = (env: Record<string, string>) => problemsWith([room], env);

describe('TLS', () => {
  test('with a port and both files is fine', () => {
    const env = { TLS_PORT: '8443', ...files };
    const { settingsOf } = loadAll(env, { terminal: false, variables: {}, rooms: [room] });

    expect(settingsOf(room)).toEqual({
      port: 8443,
      certFile: files.TLS_CERT_FILE,
      keyFile: files.TLS_KEY_FILE,
      only: false,
    });
  });

  test('alone takes the port that plain HTTP would have', () => {
    const env = { TLS_PORT: '8080', TLS_ONLY: 'true', ...files };

    expect(loadAll(env, { terminal: false, variables: {}, rooms: [room] }).plainHttp).toBe(false);
    expect(problemsOf({ ...env, TLS_ONLY: 'false' })).toEqual([
      'TLS_PORT="8080": expected another port than PORT',
    ]);
  });

  test('alone needs its own port, and no other', () => {
    expect(problemsOf({ TLS_ONLY: 'true' })).toEqual(['TLS_ONLY: expected TLS_PORT to be set, too']);
    expect(problemsOf({ TLS_ONLY: 'true', TLS_PORT: '0', PORT: '80', ...files })).toEqual([
      'PORT="80": expected not to be set, because TLS_ONLY is',
    ]);
  });

  test('with a port needs both files', () => {
    expect(problemsOf({ TLS_PORT: '8443' })).toEqual([
      'TLS_CERT_FILE: expected a file, because TLS_PORT is set',
      'TLS_KEY_FILE: expected a file, because TLS_PORT is set',
    ]);
    expect(problemsOf({ TLS_PORT: '8443', TLS_CERT_FILE: files.TLS_CERT_FILE })).toEqual([
      'TLS_KEY_FILE: expected a file, because TLS_PORT is set',
    ]);
  });

  test('with files needs a port, even if the files are not there', () => {
    expect(problemsOf({ ...files, TLS_KEY_FILE: '/not/there' })).toEqual([
      'TLS_CERT_FILE: expected TLS_PORT to be set, too',
      'TLS_KEY_FILE: expected TLS_PORT to be set, too',
    ]);
  });

  test.each(['TLS_CERT_FILE', 'TLS_KEY_FILE'])('names a %s that can not be read', (name) => {
    expect(problemsOf({ TLS_PORT: '0', ...files, [name]: '/not/there.pem' })).toEqual([
      expect.stringMatching(
        /^TLS_CERT_FILE, TLS_KEY_FILE: \/not\/there\.pem can't be read: .*ENOENT/,
      ) as unknown,
    ]);
  });

  test('names both files when the key is that of another certificate', async () => {
    const other = join(folder, 'other.key');
    writeFileSync(other, (await make()).key);

    expect(problemsOf({ TLS_PORT: '0', ...files, TLS_KEY_FILE: other })).toEqual([
      expect.stringContaining(
        `TLS_CERT_FILE, TLS_KEY_FILE: ${files.TLS_CERT_FILE} and ${other} are no certificate and its key: `,
      ) as unknown,
    ]);
  });

  test('is not looked at closer while a variable of it can not be read', () => {
    expect(problemsOf({ TLS_PORT: 'x', ...files })).toEqual([expect.stringMatching(/^TLS_PORT="x"/)]);
    expect(problemsOf({ TLS_PORT: '0', ...files, TLS_KEY_FILE: '' })).toEqual([
      'TLS_KEY_FILE="": expected some text',
    ]);
  });

  test('has a port of its own', () => {
    expect(problemsOf({ TLS_PORT: '8080', ...files })).toEqual([
      'TLS_PORT="8080": expected another port than PORT',
    ]);
    expect(problemsOf({ TLS_PORT: '8081', ...files })).toEqual([
      'MANAGEMENT_PORT="8081": expected another port than TLS_PORT',
    ]);
    expect(problemsOf({ PORT: '0', TLS_PORT: '0', MANAGEMENT_PORT: '0', ...files })).toEqual([]);
  });
});
