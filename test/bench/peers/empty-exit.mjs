// The least that can be done for a request in flight: after its answer, the process exits.
import express from 'express';
import { answers, listen } from './routes.mjs';

let leaving = false;
process.once('SIGTERM', () => (leaving = true));

const app = express();
app.use((_req, res, next) => {
  res.once('finish', () => leaving && process.exit());
  next();
});
listen(answers(app));
