import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Kubelet } from '../../rehearsal/cluster/kubelet.ts';
import { probe } from '../../rehearsal/subject/subject.ts';

const servers: Server[] = [];
const kubelets: Kubelet[] = [];
afterEach(() => {
  for (const kubelet of kubelets.splice(0)) kubelet.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Probes a process that gives no answer to probes of these numbers; three failures in a row are its end. */
async function probed(silent: (nth: number) => boolean) {
  let asked = 0;
  let deadAfter: number | undefined;
  const server = createServer((_req, res) => {
    if (!silent(++asked)) res.end();
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const times = { periodMs: 60, timeoutMs: 30, failureThreshold: 3 };
  const pod = {
    graceMs: 1000,
    preStopMs: 0,
    stopSignal: 'SIGTERM' as const,
    startup: undefined,
    liveness: probe('PORT', '/', times),
    readiness: probe('PORT', undefined, { periodMs: 1000 }),
  };
  const nothing = () => undefined;
  const events = { onStarted: nothing, onReady: nothing, onNotStarted: nothing, onAnswer: nothing };
  const ports = { PORT: (server.address() as AddressInfo).port };
  const onDead = () => (deadAfter ??= asked);
  const kubelet = new Kubelet(pod, ports, { ...events, onDead });
  kubelets.push(kubelet);
  kubelet.start();
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { until, asked: () => asked, deadAfter: () => deadAfter };
}

test('probes that time out while a process gets no CPU are no reason to restart it before the threshold', async () => {
  const { until, asked, deadAfter } = await probed((nth) => nth % 3 !== 0); // never three in a row

  await until(() => asked() >= 9);

  expect(deadAfter()).toBeUndefined();
});

test('as many in a row as the threshold are', async () => {
  const { until, deadAfter } = await probed((nth) => nth > 2);

  await until(() => deadAfter() !== undefined);

  expect(deadAfter()).toBe(5);
});
