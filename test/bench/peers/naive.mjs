// What most services are: Express with a log, security headers and metrics, each just as its README says.
import express from 'express';
import helmet from 'helmet';
import { pinoHttp } from 'pino-http';
import client from 'prom-client';
import { answers, listen } from './routes.mjs';

client.collectDefaultMetrics();
const duration = new client.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests',
  labelNames: ['method', 'route', 'status'],
});

const app = express();
app.use(pinoHttp());
app.use(helmet());
app.use((req, res, next) => {
  const end = duration.startTimer();
  res.on('finish', () => {
    end({ method: req.method, route: req.route?.path ?? 'unmatched', status: res.statusCode });
  });
  next();
});
app.get('/metrics', async (_req, res) => {
  res.set('Content-Type', client.register.contentType);
  res.end(await client.register.metrics());
});

listen(answers(app));
