import { expect, test } from '@jest/globals';
import { rehearsalFlags } from '../../scripts/rehearsal-flags.ts';

test('a rehearsal asks for every path, and for nothing that the service does not have', () => {
  const paths = { slowRoutes: '/none', get: { path: '/a', status: 200 } };
  const all = { ...paths, webSocket: { path: '/w' }, post: { path: '/p', status: 201, body: { a: 1 } } };

  expect(rehearsalFlags(paths).join(' ')).toBe('--path /a --slow 0 --post 0 --streams 0');
  expect(rehearsalFlags(all).join(' ')).toBe(
    '--path /a --slow 0 --post-path /p --post-body {"a":1} --streams 0 --websocket-path /w',
  );
});
