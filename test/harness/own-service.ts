// This service, of src/service/, which is what the tests of a clone's own features start. The tests of the engine start
// the fixture instead.
import { createApp } from '../../src/service/app.ts';
import { defaults, rooms, variables } from '../../src/service/variables.ts';
import { startApp, type TestApp } from './app.ts';
import { DIST, type ServiceProcess, startService, type StartOptions } from './service.ts';

/** Its app in the process of the test; otherwise as {@link startApp}. */
export async function startOwnApp(env: Record<string, string> = {}): Promise<TestApp> {
  return startApp(env, { createApp, variables, rooms, defaults });
}

/** The built service as a process; otherwise as {@link startService}. */
export function startOwnService(
  env: Record<string, string> = {},
  options: Omit<StartOptions, 'entry'> = {},
): ServiceProcess {
  return startService(env, { ...options, entry: `${DIST}main.js` });
}
