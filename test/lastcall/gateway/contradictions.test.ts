import { hostname } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { loadAll } from '../../../src/lastcall/config/config.ts';
import { port, type Variable } from '../../../src/lastcall/config/variables.ts';
import { gatewayRoom } from '../../../src/lastcall/gateway/public.ts';
import type { Room } from '../../../src/lastcall/room.ts';
import { problemsWith } from '../../support/problems.ts';

/** A room with a listener, as that of HTTPS is one; which may have been taken out. */
const listening: Room<{ port: Variable<number | undefined> }> = {
  name: 'tls',
  schema: { port: port('TLS_PORT', { meaning: 'of another listener' }) },
  ports: (values, { http }) =>
    values.port === undefined ? [] : [{ name: 'TLS_PORT', port: values.port, host: http.host }],
};

const problemsOf = (env: Record<string, string>) => problemsWith([listening, gatewayRoom], env);

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
    const env = { TLS_PORT: '8443', GATEWAY_TARGETS: `/a=http://a,/b=${url}` };

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
    const env = { GATEWAY_TARGETS: '/a=http://localhost:8000,/b=http://other:8080' };
    const { settingsOf } = loadAll(env, { terminal: false, variables: {}, rooms: [gatewayRoom] });

    expect(settingsOf(gatewayRoom).targets?.map(({ name }) => name)).toEqual(['/a', '/b']);
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
