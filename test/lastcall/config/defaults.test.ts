import { describe, expect, test } from '@jest/globals';
import { loadAll } from '../../../src/lastcall/config/config.ts';

const load = (defaults: Record<string, string>, env: NodeJS.ProcessEnv = {}, terminal = false) =>
  loadAll(env, { terminal, variables: {}, rooms: [], defaults }).config;

describe('a default of the service', () => {
  test('holds where the environment says nothing', () => {
    expect(load({ PORT: '3000' }).http.port).toBe(3000);
    expect(load({ PORT: '3000' }, { PORT: '4000' }).http.port).toBe(4000);
  });

  test('takes the place of what would be derived', () => {
    expect(load({ SERVICE_NAME: 'shop' }).service.name).toBe('shop');
  });

  test('does not make anybody wait on a terminal', () => {
    expect(load({ SHUTDOWN_WINDOW: '8s' }).shutdown.windowMs).toBe(8000);
    expect(load({ SHUTDOWN_WINDOW: '8s' }, {}, true).shutdown.windowMs).toBe(0);
  });

  test('is compared with the rest, as if the environment had it', () => {
    expect(() => load({ PORT: '3000', MANAGEMENT_PORT: '3000' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  test('is refused if no variable is called so, or if it takes no such text', () => {
    expect(() => load({ PROT: '3000' })).toThrow(
      'defaults of the service: there is no variable PROT in the engine',
    );
    expect(() => load({ PORT: 'x' })).toThrow(
      'defaults of the service: PORT="x": expected a port from 0 to 65535',
    );
  });
});
