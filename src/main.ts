import { trapEarly } from './lastcall/lifecycle/signals.ts';

// Before anything else is loaded, which takes a while.
const earlySignal = trapEarly();
const [{ run }, { createApp }, { defaults, rooms, variables }] = await Promise.all([
  import('./lastcall/run.ts'),
  import('./service/app.ts'),
  import('./service/variables.ts'),
]);
await run(process.env, { createApp, variables, rooms, defaults, earlySignal });
