// Fastify with its logger, and a histogram of its requests; it closes on SIGTERM.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import client from 'prom-client';

client.collectDefaultMetrics();
const duration = new client.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests',
  labelNames: ['method', 'route', 'status'],
});

const fastify = Fastify({ logger: true });
fastify.addHook('onResponse', async (request, reply) => {
  const route = request.routeOptions.url ?? 'unmatched';
  duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
});
fastify.get('/', async () => {
  return { service: 'peer', version: '0.1.0', pod: hostname(), uptimeSeconds: Math.round(process.uptime()) };
});
fastify.post('/echo', async (request) => request.body);
fastify.get('/slow', async (request) => {
  await sleep(Number(request.query.ms));
  return { status: 'ok', ms: Number(request.query.ms) };
});
fastify.get('/fail', async () => {
  throw new Error('it fails');
});
fastify.get('/metrics', async (_request, reply) => {
  reply.type(client.register.contentType);
  return client.register.metrics();
});
for (let i = 0; i < Number(process.env.ROUTES ?? 0); i++)
  fastify.get(`/routes/${i}`, async () => ({ route: i }));

process.once('SIGTERM', () => void fastify.close());
await fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
