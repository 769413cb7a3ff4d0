import { trapEarly } from './lifecycle/signals.ts';

const earlySignal = trapEarly();
const { run } = await import('./service.ts');
await run(process.env, { earlySignal });
