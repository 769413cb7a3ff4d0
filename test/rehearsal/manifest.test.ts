import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fromManifest, readManifest } from '../../rehearsal/subject/manifest.ts';
import { newFolder } from '../support/folder.ts';

/** What somebody else deploys. */
const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {GREETING: hello, REGION: north}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {TOKEN: c2VjcmV0}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 4
  minReadySeconds: 3
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 50%}}
  template:
    metadata: {annotations: {kubectl.kubernetes.io/default-container: app}}
    spec:
      terminationGracePeriodSeconds: 45
      containers:
        - name: sidecar
          image: proxy
        - name: app
          image: shop
          ports: [{name: metrics, containerPort: 9090}, {name: http, containerPort: 3000}]
          envFrom: [{configMapRef: {name: settings}}]
          env:
            - {name: LISTEN_PORT, value: '3000'}
            - {name: METRICS_PORT, value: '9090'}
            - {name: URL, value: 'http://$(POD_IP):$(LISTEN_PORT)/$$(REGION)'}
            - {name: LEVEL, value: info}
            - {name: HOST, value: 0.0.0.0}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: TOKEN}}}
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: MAYBE, valueFrom: {secretKeyRef: {name: none, key: x, optional: true}}}
          startupProbe: {tcpSocket: {port: http}, periodSeconds: 1, failureThreshold: 60}
          readinessProbe: {httpGet: {path: /ready, port: metrics}, periodSeconds: 2, timeoutSeconds: 1}
          livenessProbe: {httpGet: {path: /live, port: 3000, scheme: HTTPS}, initialDelaySeconds: 5}
          lifecycle:
            stopSignal: SIGQUIT
            preStop: {exec: {command: [/bin/sh, -c, sleep 7]}}
`;

/** The pods of a manifest, for a program that is started by a command. */
function deployed(text: string, manners: Parameters<typeof fromManifest>[4] = {}, replicas?: number) {
  const file = join(newFolder(), 'deployment.yaml');
  writeFileSync(file, text);
  return fromManifest(readManifest(file), './shop', { PATH: '/bin' }, { LEVEL: 'debug' }, manners, replicas);
}

test('everything that decides a shutdown comes from the manifest', () => {
  const { pod, deployment, left } = deployed(MANIFEST);

  expect(pod).toMatchObject({
    graceMs: 45_000,
    preStopMs: 7000,
    stopSignal: 'SIGQUIT',
    startup: { port: 'LISTEN_PORT', path: undefined, periodMs: 1000, failureThreshold: 60 },
    readiness: { port: 'METRICS_PORT', path: '/ready', https: false, periodMs: 2000, timeoutMs: 1000 },
    liveness: { port: 'LISTEN_PORT', path: '/live', https: true, initialDelayMs: 5000, periodMs: 10_000 },
  });
  expect(deployment).toEqual({ replicas: 4, maxSurge: 0, maxUnavailable: 2, minReadyMs: 3000 });
  expect(left).toEqual([]);
});

test('ports are found by the variables that have their numbers, and each replica gets its own', () => {
  expect(deployed(MANIFEST).program.ports).toEqual({ traffic: 'LISTEN_PORT', others: ['METRICS_PORT'] });
  expect(deployed(MANIFEST, { portVariable: 'METRICS_PORT' }).program.ports).toEqual({
    traffic: 'METRICS_PORT',
    others: ['LISTEN_PORT'],
  });
});

test.each([
  ['a variable has its number', 'env: [{name: PORT, value: "8080"}]'],
  ['nothing but its probe has its number', ''],
])('the port of a container that declares none is known where %s', (_where, env) => {
  const { program, pod } = deployed(`
kind: Deployment
spec: {template: {spec: {containers: [{name: app, ${env === '' ? '' : `${env},`} readinessProbe: {httpGet: {path: /up, port: 8080}}}]}}}
`);

  expect(program.ports).toEqual({ traffic: 'PORT', others: [] });
  expect(pod.readiness).toMatchObject({ port: 'PORT', path: '/up' });
});

test('the environment is that of the container, with what is in ConfigMaps and Secrets beside it', () => {
  const { environment, chosen } = deployed(MANIFEST).program;

  expect(environment).toMatchObject({
    PATH: '/bin',
    GREETING: 'hello',
    TOKEN: 'secret',
    POD_IP: '127.0.0.1',
    HOST: '127.0.0.1',
    LEVEL: 'debug',
  });
  // Only what comes before it is known to a variable, as in a pod.
  expect(environment['URL']).toBe('http://$(POD_IP):3000/$(REGION)');
  expect(chosen).toEqual({ URL: expect.any(String), LEVEL: 'debug' }); // no secret, no port
});

test('the command line says more than the manifest', () => {
  const { pod, deployment } = deployed(MANIFEST, { readyPath: '/other', https: true }, 2);

  expect(pod.readiness).toMatchObject({ port: 'LISTEN_PORT', path: '/other', https: true });
  expect(pod.liveness?.path).toBe('/live');
  expect(deployment).toMatchObject({ replicas: 2, maxUnavailable: 1 });
});

test('what can not be rehearsed is said, a sentence each', () => {
  const { pod, left } = deployed(`
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          ports: [{containerPort: 80}]
          env: [{name: KEY, valueFrom: {secretKeyRef: {name: gone, key: key}}}]
          envFrom: [{secretRef: {name: missing}}]
          livenessProbe: {exec: {command: [check]}}
          startupProbe: {httpGet: {port: 9999}}
          lifecycle: {stopSignal: SIGRTMIN+3, preStop: {httpGet: {port: 1}}}
`);

  expect(pod).toMatchObject({
    graceMs: 30_000,
    preStopMs: 0,
    stopSignal: 'SIGTERM',
    startup: undefined,
    liveness: undefined,
    readiness: { port: 'PORT', path: undefined },
  });
  expect(left).toEqual([
    expect.stringMatching(/^The variables of missing are unknown here/),
    expect.stringMatching(/^KEY comes from a Secret/),
    expect.stringMatching(/^There is no readiness probe/),
    expect.stringMatching(/^The preStop hook is left out/),
    expect.stringMatching(/^SIGRTMIN\+3 is no signal/),
    expect.stringMatching(/^The startup probe is left out: no variable .* 9999/),
    expect.stringMatching(/^The liveness probe is left out: only httpGet and tcpSocket/),
  ]);
});

test.each([
  ['no YAML', 'a: [', /--manifest .*deployment\.yaml: /],
  ['nothing that is deployed', 'just words', /there is no Deployment/],
  [
    'two Deployments',
    '{kind: List, items: [{kind: Deployment, metadata: {name: a}}, {kind: Deployment, metadata: {name: b}}]}',
    /several Deployments, a, b: expected one/,
  ],
])('%s is refused', (_what, text, message) => {
  expect(() => deployed(text)).toThrow(
    expect.objectContaining({ code: 'REHEARSAL_USAGE', message: expect.stringMatching(message) }),
  );
});
