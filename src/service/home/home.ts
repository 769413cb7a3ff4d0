import type { RequestHandler } from 'express';

/** `GET /`: who answers, and for how long it has been up. */
export function home(service: { name: string; version: string; pod: string }): RequestHandler {
  return (_req, res) => {
    const { name, version, pod } = service;
    res.json({ service: name, version, pod, uptimeSeconds: Math.round(process.uptime()) });
  };
}
