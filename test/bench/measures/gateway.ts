// Gateways in front of the same target: small answers on kept-alive connections, and bodies that stream.
import { request } from 'node:http';
import {
  BASELINE,
  express,
  fastifyHttpProxy,
  goReverseProxy,
  httpProxyMiddleware,
  service,
} from '../contestants.ts';
import type { Measure } from '../measure.ts';
import type { Row } from '../results.ts';
import type { Server } from '../server.ts';
import { throughput } from './throughput.ts';

const CONTESTANTS = [express, httpProxyMiddleware, fastifyHttpProxy, goReverseProxy, service];
const BYTES = 100_000_000;
const QUICK_BYTES = 10_000_000;

/** In front of a target, for each as it wants to be told. */
function before(port: number): Record<string, string> {
  const target = `http://127.0.0.1:${port}`;
  return { TARGET: target, GATEWAY_TARGETS: `/target=${target}` };
}

/** Bare Express answers by itself: the ratio is what a second hop costs, too. */
const gateway: Measure = throughput({
  name: 'gateway',
  title: 'GET through the gateway, small JSON',
  family: 'gateway',
  goal: '≥ 0.35',
  contestants: CONTESTANTS,
  request: ({ name, paths }) => ({ path: name === BASELINE ? paths.get : '/target', status: 200 }),
  env: ({ target }) => before(target.small),
});

const stream: Measure = {
  name: 'stream',
  family: 'gateway',
  baseline: BASELINE,
  contestants: CONTESTANTS,
  rows: [rate('download', '100 MB from the target'), rate('upload', '100 MB to the target'), peak()],
  prepare: async (contestant, { start, target, quick }) => {
    const server = await start(contestant, { env: before(target.streams) });
    const bytes = quick ? QUICK_BYTES : BYTES;
    await download(server, bytes); // warm-up
    await upload(server, bytes);
    return async () => {
      const rssBefore = server.rssBytes();
      server.resetPeak();
      const downSeconds = await download(server, bytes);
      const upSeconds = await upload(server, bytes);
      return { bytes, downSeconds, upSeconds, rssBefore, rssPeak: server.peakRssBytes() };
    };
  },
};

export const gateways = [gateway, stream];

function rate(name: 'download' | 'upload', title: string): Row {
  const per = name === 'download' ? 'downSeconds' : 'upSeconds';
  return {
    name,
    title,
    formula: { of: 'bytes', per, times: 1e-6 },
    unit: 'MB/s',
    better: 'more',
    shown: 'ratio',
  };
}

function peak(): Row {
  return {
    name: 'stream-memory',
    title: 'memory that streaming 100 MB each way adds at its peak',
    formula: { of: 'rssPeak', less: 'rssBefore', times: 1e-6 },
    unit: 'MB',
    better: 'less',
    goal: 'flat',
    shown: 'value',
  };
}

async function download({ port }: Server, bytes: number): Promise<number> {
  return timed(port, { path: `/target/${bytes}` }, '', bytes);
}

async function upload({ port }: Server, bytes: number): Promise<number> {
  const body = Buffer.alloc(bytes, 'x');
  return timed(port, { path: '/target', method: 'POST' }, body, String(bytes).length, String(bytes));
}

/**
 * @param expected the length of the answer, and its text unless that is too long to look at
 * @returns seconds from the request to the last byte of the answer
 * @throws Error if another answer came
 */
async function timed(
  port: number,
  to: { path: string; method?: string },
  body: string | Buffer,
  expected: number,
  text?: string,
): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body), 'Content-Type': 'application/octet-stream' };
    const asked = request({ host: '127.0.0.1', port, agent: false, headers, ...to }, (res) => {
      let bytes = 0;
      let said = '';
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (text !== undefined) said += chunk.toString();
      });
      res.on('error', reject);
      res.on('end', () => {
        if (res.statusCode === 200 && bytes === expected && (text === undefined || said === text)) {
          resolve((performance.now() - startedAt) / 1000);
        } else reject(new Error(`${to.path}: ${res.statusCode}, ${bytes} bytes of ${expected}: ${said}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
