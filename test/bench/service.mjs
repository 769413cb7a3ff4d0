// The engine with the fixture of its tests, and with routes that only the bench asks for: what it costs to fail, how
// the cost grows with the number of routes ($ROUTES), and what takes long enough for overload.
import { fixture, load } from '../fixture/built.mjs';
import { addRoutes } from './more-routes.mjs';
import { addWork } from './work-routes.mjs';

const { trapEarly } = await load('lifecycle/signals');
const earlySignal = trapEarly();
const { run } = await load('run');
await run(process.env, { ...(await fixture([addRoutes, addWork])), earlySignal });
