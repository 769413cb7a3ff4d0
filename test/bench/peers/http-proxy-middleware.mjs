// http-proxy-middleware on Express as its README says, but with kept-alive connections to its target.
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { listen } from './routes.mjs';

const app = express();
app.get('/', (_req, res) => res.end());
app.use(
  '/target',
  createProxyMiddleware({
    target: `${process.env.TARGET}/target`,
    changeOrigin: true,
    agent: new Agent({ keepAlive: true }),
  }),
);
listen(app);
