// The engine with the fixture of its tests, and with routes that only the bench asks for: what it costs to fail, and how
// the cost grows with the number of routes ($ROUTES).
import { fixture, load } from '../fixture/built.mjs';
import { addRoutes } from './more-routes.mjs';

const { trapEarly } = await load('lifecycle/signals');
const earlySignal = trapEarly();
const { run } = await load('run');
await run(process.env, { ...(await fixture([addRoutes])), earlySignal });
