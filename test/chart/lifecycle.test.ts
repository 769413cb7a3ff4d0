import { describe, expect, test } from '@jest/globals';
import { envOf, notes, podSpecOf, render } from '../../scripts/helm.ts';

const TIMEOUT = 60_000;

const HOOK = { exec: { command: ['/bin/deregister'] } };

describe('native sidecars, which end after the service', () => {
  const sidecar = { name: 'proxy', image: 'proxy:1', restartPolicy: 'Always' };

  test.each<[string, object, { pod: number; process: string }]>([
    ['have 5 s behind it', { initContainers: [sidecar] }, { pod: 46, process: '41s' }],
    [
      'have as long as is said',
      { initContainers: [sidecar], shutdown: { sidecarSeconds: 12 } },
      { pod: 53, process: '41s' },
    ],
    [
      'are counted when a webhook brings them, if that is said',
      { shutdown: { sidecarSeconds: 3, preStopSleepSeconds: 2 } },
      { pod: 46, process: '41s' },
    ],
    [
      'are taken from a grace period by hand',
      { initContainers: [sidecar], shutdown: { terminationGracePeriodSeconds: 60 } },
      { pod: 60, process: '55s' },
    ],
    [
      'are none if they end before the service starts',
      { initContainers: [{ name: 'migrate', image: 'm:1' }] },
      { pod: 41, process: '41s' },
    ],
  ])(
    '%s',
    async (_what, values, { pod, process }) => {
      const objects = await render({ values });
      expect(podSpecOf(objects).spec.terminationGracePeriodSeconds).toBe(pod);
      expect(envOf(objects)['SHUTDOWN_GRACE_PERIOD']).toBe(process);
    },
    TIMEOUT,
  );

  test(
    'are in the sum of what does not fit, and in the timeline',
    async () => {
      const shutdown = { terminationGracePeriodSeconds: 45 };
      await expect(render({ values: { initContainers: [sidecar], shutdown } })).rejects.toThrow(
        'may take 46 s = preStopSleepSeconds 0 s + windowMax 10 s + drainTimeout 10 s + cleanupTimeout 4 s + scrapeWait 15 s + 2 s kept free + sidecarSeconds 5 s: raise it to 46',
      );
      expect(await notes({ values: { initContainers: [sidecar] } })).toMatch(
        /until 39 s .*\n {2}until 46 s +native sidecars.*\n {2}at 46 s +SIGKILL/,
      );
    },
    TIMEOUT,
  );
});

describe('hooks of the container', () => {
  test(
    'are rendered, and a preStop delays SIGTERM by what is said, on every Kubernetes',
    async () => {
      const lifecycle = { postStart: { httpGet: { path: '/warm', port: 'http' } }, preStop: HOOK };
      const values = { lifecycle, shutdown: { preStopSleepSeconds: 4 } };
      const objects = await render({ values, kubeVersion: '1.29.0' });
      const { spec, container } = podSpecOf(objects);
      expect(container.lifecycle).toEqual(lifecycle);
      expect(spec.terminationGracePeriodSeconds).toBe(45);
      expect(envOf(objects)['SHUTDOWN_GRACE_PERIOD']).toBe('41s');
    },
    TIMEOUT,
  );

  test(
    'a postStart stands beside the sleep of the chart',
    async () => {
      const values = { lifecycle: { postStart: HOOK }, shutdown: { preStopSleepSeconds: 1 } };
      const { container } = podSpecOf(await render({ values }));
      expect(container.lifecycle).toEqual({ postStart: HOOK, preStop: { sleep: { seconds: 1 } } });
    },
    TIMEOUT,
  );

  test.each<[string, object, string]>([
    [
      'a preStop of unknown length',
      { preStop: HOOK },
      'say with shutdown.preStopSleepSeconds how many seconds',
    ],
    [
      'a sleep that nobody counts',
      { preStop: { sleep: { seconds: 9 } } },
      'set shutdown.preStopSleepSeconds',
    ],
    ['another signal than SIGTERM', { stopSignal: 'SIGQUIT' }, 'stopSignal'],
  ])(
    '%s is refused',
    async (_what, lifecycle, sentence) => {
      await expect(render({ values: { lifecycle } })).rejects.toThrow(sentence);
    },
    TIMEOUT,
  );
});

describe('another command', () => {
  test(
    'is run instead of the one of the image, with its arguments',
    async () => {
      const other = { command: ['/bin/sh', '-c'], args: ['. /vault/env && exec node dist/main.js'] };
      expect(podSpecOf(await render({ values: other })).container).toMatchObject(other);
      const { container } = podSpecOf(await render());
      expect(Object.keys(container)).not.toEqual(expect.arrayContaining(['command']));
      expect(Object.keys(container)).not.toEqual(expect.arrayContaining(['args']));
    },
    TIMEOUT,
  );

  test.each<[string, object]>([
    ['in its words', { command: ['sh', '-c', 'node dist/main.js'] }],
    ['in its arguments', { command: ['/usr/bin/bash'], args: ['-ec', 'node --executor dist/main.js; true'] }],
  ])(
    'is refused where a shell would keep SIGTERM to itself: %s',
    async (_where, values) => {
      await expect(render({ values })).rejects.toThrow('does not pass SIGTERM on: write exec');
    },
    TIMEOUT,
  );
});
