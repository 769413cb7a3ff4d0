/** All that the engine offers to a service that installs it: `npm run pack:engine`. Folders have a door of their own. */
export * from './public.ts';
export { run, type RunOptions, type Service } from './run.ts';
