// A service whose only feature is one recipe: RECIPE=postgres node --import tsx --conditions source recipes/main.ts
// FEATURE is another file of it, if it has more than one.
import type { Router } from 'express';
import { expressApp, notFound, problemHandler, requestLog, type Room, type Schema } from '#lastcall';
import { tracing } from '#lastcall/tracing';
import { run } from '../src/lastcall/run.ts';
import { internalRoom } from './internal/room.ts';
import { type Parts, variables } from './variables.ts';

type Feature = (router: Router, parts: Parts) => void;

const { RECIPE: recipe = '', FEATURE: name = recipe } = process.env;
const { [name]: feature } = (await import(`./${recipe}/${name}.ts`)) as Record<string, Feature>;
if (feature === undefined) throw new Error(`recipes/${recipe}/${name}.ts exports no ${name}`);

/** Of this recipe alone: those of the others may be required. */
const own = Object.fromEntries(Object.entries(variables as Schema).filter(([key]) => key === recipe));
const OF_ALL: Room[] = [
  tracing, // where a collector is
];
const ROOMS: Record<string, Room[]> = { internal: [internalRoom] };

await run(process.env, {
  createApp: async (parts) => {
    if (name === 'worker') {
      // It has no routes: it is the createApp of its service.
      const { worker } = await import('./queue/worker.ts');
      worker(parts as unknown as Parts);
      return undefined;
    }
    const app = expressApp(parts.config);
    app.use(requestLog(parts.logger));
    feature(app, parts as unknown as Parts);
    app.use(notFound);
    app.use(problemHandler(parts.config));
    return app;
  },
  variables: own,
  rooms: [...OF_ALL, ...(ROOMS[recipe] ?? [])],
});
