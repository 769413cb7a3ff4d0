// Express with @godaddy/terminus as its README says: a health check and a graceful shutdown.
import { createTerminus } from '@godaddy/terminus';
import express from 'express';
import { answers, listen } from './routes.mjs';

createTerminus(listen(answers(express())), {
  healthChecks: { '/healthcheck': async () => undefined },
  signal: 'SIGTERM',
  onSignal: async () => undefined,
});
