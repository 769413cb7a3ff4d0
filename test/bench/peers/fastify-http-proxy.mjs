// @fastify/http-proxy as its README says.
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const fastify = Fastify();
fastify.get('/', async () => 'ready');
fastify.register(proxy, { upstream: process.env.TARGET, prefix: '/target', rewritePrefix: '/target' });
await fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
