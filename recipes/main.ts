// A service whose only feature is one recipe: RECIPE=postgres node --import tsx --conditions source recipes/main.ts
// FEATURE is another file of it, if it has more than one.
import type { Router } from 'express';
import { expressApp, notFound, problemHandler, requestLog, type Room, type Schema } from '#lastcall';
import { run } from '../src/lastcall/run.ts';
import { internalRoom } from './internal/room.ts';
import { type Parts, variables } from './variables.ts';

const { RECIPE: recipe = '', FEATURE: name = recipe } = process.env;
const { [name]: feature } = (await import(`./${recipe}/${name}.ts`)) as Record<
  string,
  (parts: Parts) => Router | undefined
>;
if (feature === undefined) throw new Error(`recipes/${recipe}/${name}.ts exports no ${name}`);

/** Of this recipe alone: those of the others may be required. */
const own = Object.fromEntries(Object.entries(variables as Schema).filter(([key]) => key === recipe));
const ROOMS: Record<string, Room[]> = { internal: [internalRoom] };

await run(process.env, {
  createApp: (parts) => {
    const router = feature(parts as unknown as Parts);
    if (router === undefined) return undefined;
    const app = expressApp(parts.config);
    app.use(requestLog(parts.logger));
    app.use(router);
    app.use(notFound);
    app.use(problemHandler(parts.config));
    return app;
  },
  variables: own,
  rooms: ROOMS[recipe] ?? [],
});
