import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, loadAll } from '../../../src/lastcall/config/config.ts';
import { gatewayRoom } from '../../../src/lastcall/gateway/public.ts';
import { tls as tlsRoom } from '../../../src/lastcall/tls/public.ts';
import { make, mount } from '../../support/certificates.ts';

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

/** With both rooms in use. */
function load(env: Record<string, string>) {
  const { settingsOf } = loadAll(env, { terminal: false, variables: {}, rooms: [tlsRoom, gatewayRoom] });
  return { tls: settingsOf(tlsRoom), gateway: settingsOf(gatewayRoom) };
}

function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('TLS', () => {
  test('with a port and both files is fine', () => {
    const { tls } = load({ TLS_PORT: '8443', ...files });

    expect(tls).toEqual({ port: 8443, certFile: files.TLS_CERT_FILE, keyFile: files.TLS_KEY_FILE });
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

describe('a gateway', () => {
  test.each([
    ['localhost, by PORT', 'http://localhost:8080/'],
    ['127.0.0.1, by PORT', 'http://127.0.0.1:8080/'],
    ['[::1], by PORT', 'http://[::1]:8080/'],
    ['localhost, by TLS_PORT', 'https://localhost:8443/'],
    ['127.0.0.1, by TLS_PORT', 'https://127.0.0.1:8443/base'],
    ['localhost, by MANAGEMENT_PORT', 'http://localhost:8081/'],
    ['127.0.0.1, by MANAGEMENT_PORT', 'http://127.0.0.1:8081/'],
    ['the name of this machine', `http://${hostname().toLowerCase()}:8080/`],
  ])('must not lead back to itself: %s', (_name, url) => {
    const env = { TLS_PORT: '8443', ...files, GATEWAY_TARGETS: `/a=http://a,/b=${url}` };

    expect(problemsOf(env)).toEqual([
      `GATEWAY_TARGETS: /b=${url} is this service itself, expected another one`,
    ]);
  });

  test.each([
    ['10.1.2.3', 'http://10.1.2.3:8080/'],
    ['fd00::1', 'http://[fd00::1]:8080/'],
    ['Pod.Example', 'http://pod.example:8080/'],
  ])('must not lead back to the address that it listens on: %s', (HOST, url) => {
    expect(problemsOf({ HOST, GATEWAY_TARGETS: `/=${url}` })).toEqual([
      `GATEWAY_TARGETS: /=${url} is this service itself, expected another one`,
    ]);
  });

  test('may lead to another port of this machine, and to its own port elsewhere', () => {
    const { gateway } = load({ GATEWAY_TARGETS: '/a=http://localhost:8000,/b=http://other:8080' });

    expect(gateway.targets?.map(({ name }) => name)).toEqual(['/a', '/b']);
  });

  test.each([
    ['/api=a', '"a" is no URL'],
    ['/api=ftp://a', '"ftp://a" is no URL with http or https'],
    ['/api=http://a,/api=http://b', '/api is there twice'],
  ])('says what is wrong with %s', (value, reason) => {
    expect(problemsOf({ GATEWAY_TARGETS: value })).toEqual([
      `GATEWAY_TARGETS="${value}": expected a list such as /api=http://a:8000,shop.example/=http://b:8001 (${reason})`,
    ]);
  });
});
