import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const KINDS: Record<string, Record<string, string>> = {
  '/api/v1': { configmaps: 'ConfigMap', services: 'Service', serviceaccounts: 'ServiceAccount' },
  '/apis/apps/v1': { deployments: 'Deployment' },
  '/apis/policy/v1': { poddisruptionbudgets: 'PodDisruptionBudget' },
};

/** An API server that has one Deployment, under whatever name, for what the chart looks up: its URL, until it is closed. */
export async function kubeApiWith(deployment: object): Promise<{ url: string; close: () => void }> {
  const server = createServer((req, res) => {
    const answer = answerTo(new URL(req.url ?? '', 'http://api').pathname, deployment);
    res.writeHead(answer === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', code: 404, reason: 'NotFound' }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

function answerTo(path: string, deployment: object): object | undefined {
  if (path === '/version') return { major: '1', minor: '36', gitVersion: 'v1.36.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const groups = ['apps', 'policy'].map((name) => {
      const versions = [{ groupVersion: `${name}/v1`, version: 'v1' }];
      return { name, versions, preferredVersion: versions[0] };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }
  if (path.includes('/deployments/')) return { apiVersion: 'apps/v1', kind: 'Deployment', ...deployment };
  const kinds = KINDS[path];
  if (kinds === undefined) return undefined;
  const verbs = ['get', 'list', 'create', 'patch'];
  const resources = Object.entries(kinds).map(([name, kind]) => ({ name, kind, namespaced: true, verbs }));
  return { kind: 'APIResourceList', groupVersion: path.replace(/^\/apis?\//, ''), resources };
}
