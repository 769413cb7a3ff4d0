// A service whose only feature is one recipe: RECIPE=postgres node --import tsx --conditions source recipes/main.ts
import type { Router } from 'express';
import { expressApp, notFound, problemHandler, requestLog, type Schema } from '#lastcall';
import { run } from '../src/lastcall/run.ts';
import { type Parts, variables } from './variables.ts';

const name = process.env['RECIPE'] ?? '';
const { [name]: feature } = (await import(`./${name}/${name}.ts`)) as Record<
  string,
  (parts: Parts) => Router
>;
if (feature === undefined) throw new Error(`recipes/${name}/${name}.ts exports no ${name}`);

/** Of this recipe alone: those of the others may be required. */
const own = Object.fromEntries(Object.entries(variables as Schema).filter(([recipe]) => recipe === name));

await run(process.env, {
  createApp: (parts) => {
    const app = expressApp(parts.config);
    app.use(requestLog(parts.logger));
    app.use(feature(parts as unknown as Parts));
    app.use(notFound);
    app.use(problemHandler(parts.config));
    return app;
  },
  variables: own,
  rooms: [],
});
