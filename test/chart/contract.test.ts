import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { everyVariable, ROOMS } from '../support/schema.ts';

const SCHEMA = everyVariable();
import { make, mount } from '../support/certificates.ts';
import { CI_VALUES } from '../support/ci-values.ts';
import { envOf, type KubeObject, ofKind, podSpecOf, render } from '../../scripts/helm.ts';
import { readPaths } from '../../scripts/paths.ts';
import { POD_NAME } from '../support/names.ts';
import { environmentOf, type PodAnswer, PodProcess } from '../support/pod.ts';
import { freePorts } from '../support/ports.ts';

const TIMEOUT = 120_000;
const PATHS = readPaths();
/** Where the engine has no HTTPS, the chart knows nothing of it. */
const HAS_TLS = ROOMS.some(({ name }) => name === 'tls');

/** Read by Node, by libraries that want to know where they are, and by other variables. */
const NOT_OURS = ['HOST_IP', 'NODE_NAME', 'NODE_OPTIONS', 'POD_NAMESPACE'];

const VARIABLES = Object.keys(SCHEMA);

describe.each(CI_VALUES)('with the values of helm/ci/%s', (_name, file) => {
  test(
    'every variable of the container is one that the service reads',
    async () => {
      const { container } = podSpecOf(await render({ files: [file], values: { extraEnv: [] } }));
      const names = (container.env ?? []).map(({ name }) => name);
      expect(names.filter((name) => ![...VARIABLES, ...NOT_OURS].includes(name))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    },
    TIMEOUT,
  );

  test(
    'every number of the shutdown reaches the service',
    async () => {
      const rendered = Object.keys(envOf(await render({ files: [file] })));
      const shutdown = VARIABLES.filter((name) => name.startsWith('SHUTDOWN_'));
      expect(shutdown.length).toBeGreaterThan(9);
      expect(rendered).toEqual(expect.arrayContaining(shutdown));
    },
    TIMEOUT,
  );
});

describe('the built service, started with exactly what the chart renders', () => {
  /** Where the Secret for TLS is mounted on this machine. */
  const secret = mkdtempSync(join(tmpdir(), 'tls-'));
  const pods = new Map<string, Promise<{ objects: KubeObject[]; pod: PodProcess }>>();

  async function start(file: string, ports: Promise<number[]>, index: number) {
    const [http, management, https] = (await ports).slice(3 * index);
    const objects = await render({
      files: [file],
      values: {
        ports: { http, management },
        config: { logLevel: 'debug' }, // shows the effective configuration
        ...(HAS_TLS && { tls: { port: https } }),
      },
    });
    return { objects, pod: new PodProcess(podSpecOf(objects).container, { '/etc/tls': secret }) };
  }

  // All side by side: nearly all of their time is waiting for the window to pass.
  beforeAll(async () => {
    mount(secret, await make());
    const ports = freePorts(3 * CI_VALUES.length);
    for (const [index, [name, file]] of CI_VALUES.entries()) {
      const started = start(file, ports, index);
      started.catch(() => undefined); // the test that awaits it tells
      pods.set(name, started);
    }
  });

  afterAll(async () => {
    for (const started of await Promise.allSettled(pods.values())) {
      if (started.status === 'fulfilled') await started.value.pod.kill();
    }
    rmSync(secret, { recursive: true });
  });

  test.concurrent.each(CI_VALUES)(
    'helm/ci/%s: answers its probes and scrapes, and leaves inside its grace period',
    async (name) => {
      const started = await pods.get(name);
      if (started === undefined) throw new Error('not started');
      const { objects, pod } = started;
      const { spec, container } = podSpecOf(objects);
      const { startupProbe, livenessProbe, readinessProbe } = container;
      const env = environmentOf(container);

      await pod.state('ready');
      expect(await pod.probe(startupProbe)).toBe(true);
      expect(await pod.probe(livenessProbe)).toBe(true);
      expect(await pod.probe(readinessProbe)).toBe(true);
      expect(await visit(pod)).toMatchObject({ status: PATHS.get.status, connection: 'keep-alive' });

      // The service understood the numbers as the chart meant them.
      const { config } = (await pod.line(({ event }) => event === 'config')) as unknown as {
        config: { shutdown: Record<string, unknown>; service: { pod: string } };
      };
      const inMs = (variable: string) => {
        const parsed = SCHEMA[variable]!.parse(env[variable] ?? '');
        return parsed === Infinity ? 'none' : parsed;
      };
      const graceMs = Number(inMs('SHUTDOWN_GRACE_PERIOD'));
      expect(graceMs).toBeLessThanOrEqual((spec.terminationGracePeriodSeconds ?? 0) * 1000);
      expect(config.shutdown).toMatchObject({
        windowMs: inMs('SHUTDOWN_WINDOW'),
        windowMaxMs: inMs('SHUTDOWN_WINDOW_MAX'),
        quietMs: inMs('SHUTDOWN_QUIET_PERIOD'),
        drainTimeoutMs: inMs('SHUTDOWN_DRAIN_TIMEOUT'),
        keepAliveMinIdleMs: inMs('SHUTDOWN_KEEP_ALIVE_MIN_IDLE'),
        cleanupTimeoutMs: inMs('SHUTDOWN_CLEANUP_TIMEOUT'),
        scrapeWaitMs: inMs('SHUTDOWN_SCRAPE_WAIT'),
        liveness: env['SHUTDOWN_LIVENESS'],
        readiness: env['SHUTDOWN_READINESS'],
        graceMs,
      });
      const https = container.ports?.find(({ name: port }) => port === 'https')?.containerPort;
      if (https !== undefined) {
        const socket = connect({ port: https, host: '127.0.0.1', rejectUnauthorized: false });
        await once(socket, 'secureConnect');
        socket.destroy();
      }
      expect(https === undefined).toBe(env['TLS_PORT'] === undefined);
      expect(config.service.pod).toBe(POD_NAME);

      expect(await pod.get(...scrapeOf(objects))).toMatchObject({
        status: 200,
        body: expect.stringContaining(`\nshutdown_requests_total{listener="${pod.traffic}",outcome="cut"} 0`),
      });

      const signalledAt = performance.now();
      pod.terminate();
      await pod.state('lame-duck');
      expect(await pod.probe(startupProbe)).toBe(true);
      expect(await pod.probe(livenessProbe)).toBe(env['SHUTDOWN_LIVENESS'] === 'pass');
      expect(await pod.probe(readinessProbe)).toBe(env['SHUTDOWN_READINESS'] === 'pass');
      const { answers, ...last } = await visit(pod);
      expect(last).toMatchObject({ status: PATHS.get.status, connection: 'close' });

      await pod.state('final-scrape');
      const { body } = await pod.get(...scrapeOf(objects));
      expect(body).toContain(
        `\nshutdown_requests_total{listener="${pod.traffic}",outcome="served"} ${answers}`,
      );
      expect(await pod.exit()).toBe(0);
      expect(performance.now() - signalledAt).toBeLessThan(graceMs);
      expect(await pod.line(({ event }) => event === 'shutdown')).toMatchObject({ outcome: 'clean' });
    },
    TIMEOUT,
  );
});

/**
 * As a client with a pool does, which comes again when it is told to: where load is shed, a busy machine is reason enough.
 *
 * @returns the last answer, and how many there were
 */
async function visit(pod: PodProcess): Promise<PodAnswer & { answers: number }> {
  for (let answers = 1; ; answers++) {
    const answer = await pod.get(pod.traffic, PATHS.get.path, 'client', 10_000, 'keep-alive');
    if (answer.status !== 503 || answer.retryAfter === undefined) return { ...answer, answers };
    await sleep(Number(answer.retryAfter) * 1000);
  }
}

/** Where Prometheus would read: as the rendered monitor says, or where one would if it were on. */
function scrapeOf(objects: KubeObject[]): [port: string, path: string, userAgent: string, timeoutMs: number] {
  interface Endpoint {
    port: string;
    path: string;
  }
  const [pods] = ofKind<{ spec: { podMetricsEndpoints: Endpoint[] } }>(objects, 'PodMonitor');
  const [services] = ofKind<{ spec: { endpoints: Endpoint[] } }>(objects, 'ServiceMonitor');
  const [endpoint] = pods?.spec.podMetricsEndpoints ?? services?.spec.endpoints ?? [];
  const { port, path } = endpoint ?? { port: 'management', path: '/metrics' };
  return [port, path, 'Prometheus/3.8.0', 10_000];
}
