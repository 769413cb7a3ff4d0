// The built engine with a service that needs a secret and a URL.
const dist = new URL(`../../../${process.env.DIST}`, import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { secret, url } = await load('lastcall/public.js');
const { run } = await load('lastcall/run.js');

const variables = {
  databaseUrl: url('DATABASE_URL', {
    protocols: ['postgres', 'postgresql'],
    required: true,
    meaning: 'Where the orders are',
  }),
  api: { pin: secret('API_PIN', { required: true, meaning: 'Who may order' }) },
};
const createApp = () => (_req, res) => res.end('ok');
await run(process.env, { createApp, variables, rooms: [] });
