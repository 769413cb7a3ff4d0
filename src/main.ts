import { trapEarly } from './lastcall/lifecycle/signals.ts';

const earlySignal = trapEarly();
const { run } = await import('./lastcall/run.ts');
await run(process.env, { earlySignal });
