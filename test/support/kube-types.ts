import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../../scripts/helm.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const core = (name: string, path: string) => `import('kubernetes-models/${path}').I${name}`;
const monitoring = (name: string) =>
  `import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1').I${name}`;

/** What of these two the chart renders, as their CRDs have it: no package has their types. */
const POD_MONITORING = `{
  apiVersion: 'monitoring.googleapis.com/v1';
  kind: 'PodMonitoring';
  metadata: import('kubernetes-models/v1').IPod['metadata'];
  spec: {
    selector: { matchLabels: Record<string, string> };
    endpoints: {
      port: string | number;
      path?: string;
      interval: string;
      timeout?: string;
      metricRelabeling?: {
        sourceLabels?: string[];
        separator?: string;
        targetLabel?: string;
        regex?: string;
        modulus?: number;
        replacement?: string;
        action?: string;
      }[];
    }[];
  };
}`;
const VERTICAL_POD_AUTOSCALER = `{
  apiVersion: 'autoscaling.k8s.io/v1';
  kind: 'VerticalPodAutoscaler';
  metadata: import('kubernetes-models/v1').IPod['metadata'];
  spec: {
    targetRef: { apiVersion: string; kind: string; name: string };
    updatePolicy?: { updateMode?: 'Off' | 'Initial' | 'Recreate' | 'InPlaceOrRecreate'; minReplicas?: number };
    resourcePolicy?: {
      containerPolicies?: {
        containerName: string;
        mode?: 'Auto' | 'Off';
        controlledResources?: ('cpu' | 'memory')[];
        controlledValues?: 'RequestsAndLimits' | 'RequestsOnly';
        minAllowed?: Record<string, string | number>;
        maxAllowed?: Record<string, string | number>;
      }[];
    };
  };
}`;

/** The type of each kind that the chart may render, or that deploy/ has. A kind that is not here is an error. */
const TYPES: Record<string, string> = {
  'apps/v1 Deployment': core('Deployment', 'apps/v1'),
  'autoscaling/v2 HorizontalPodAutoscaler': core('HorizontalPodAutoscaler', 'autoscaling/v2'),
  'batch/v1 CronJob': core('CronJob', 'batch/v1'),
  'batch/v1 Job': core('Job', 'batch/v1'),
  'networking.k8s.io/v1 Ingress': core('Ingress', 'networking.k8s.io/v1'),
  'networking.k8s.io/v1 NetworkPolicy': core('NetworkPolicy', 'networking.k8s.io/v1'),
  'policy/v1 PodDisruptionBudget': core('PodDisruptionBudget', 'policy/v1'),
  'v1 ConfigMap': core('ConfigMap', 'v1'),
  'v1 Pod': core('Pod', 'v1'),
  'v1 Service': core('Service', 'v1'),
  'v1 ServiceAccount': core('ServiceAccount', 'v1'),
  'argoproj.io/v1alpha1 Application': `import('@kubernetes-models/argo-cd/argoproj.io/v1alpha1').IApplication`,
  'helm.toolkit.fluxcd.io/v2 HelmRelease': `import('@kubernetes-models/flux-cd/helm.toolkit.fluxcd.io/v2').IHelmRelease`,
  'source.toolkit.fluxcd.io/v1 OCIRepository': `import('@kubernetes-models/flux-cd/source.toolkit.fluxcd.io/v1').IOCIRepository`,
  'gateway.networking.k8s.io/v1 HTTPRoute': `import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1').IHTTPRoute`,
  'autoscaling.k8s.io/v1 VerticalPodAutoscaler': VERTICAL_POD_AUTOSCALER,
  'monitoring.googleapis.com/v1 PodMonitoring': POD_MONITORING,
  'monitoring.coreos.com/v1 PodMonitor': monitoring('PodMonitor'),
  'monitoring.coreos.com/v1 PrometheusRule': monitoring('PrometheusRule'),
  // The package is older than this field.
  'monitoring.coreos.com/v1 ServiceMonitor': `${monitoring('ServiceMonitor')} & { spec: { serviceDiscoveryRole?: 'Endpoints' | 'EndpointSlice' } }`,
};

/**
 * What the Kubernetes API's types have against each group of objects, as tsc says it: unknown fields, missing
 * ones, wrong types, wrong words. Everything in one run of tsc, because starting it is what takes time.
 */
export async function typeProblems(groups: Record<string, KubeObject[]>): Promise<Record<string, string[]>> {
  // Inside the project, where tsc finds the packages.
  const parent = join(ROOT, 'node_modules', '.cache');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'kube-types-'));
  try {
    const names = Object.keys(groups);
    const sources = names.map((name) => (groups[name] ?? []).map(declaration).join(''));
    const files = sources.map((source, index) => {
      const file = join(folder, `group${index}.ts`);
      writeFileSync(file, source);
      return file;
    });
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck'];
    const output = await tsc([...options, ...files]);
    const found = Object.fromEntries(names.map((name): [string, string[]] => [name, []]));
    // A line that is indented goes on with the problem before it.
    for (const problem of output.split(/\n(?=\S)/).filter((text) => text.trim() !== '')) {
      const [, index, line, text] = /group(\d+)\.ts\((\d+),\d+\): (.*)/s.exec(problem) ?? [];
      const name = names[Number(index)];
      if (name === undefined) throw new Error(output); // of tsc itself, not of an object
      found[name]?.push(`${sources[Number(index)]?.split('\n')[Number(line) - 1]?.trim()} ← ${text?.trim()}`);
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function declaration(object: KubeObject, index: number): string {
  const kind = `${object.apiVersion} ${object.kind}`;
  const type = TYPES[kind];
  if (type === undefined) throw new Error(`no type is known for ${kind}`);
  return `export const object${index}: ${type} = ${JSON.stringify(object, null, 1)};\n`;
}

async function tsc(args: string[]): Promise<string> {
  const script = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: ROOT, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error !== null && stdout === '') reject(new Error(stderr, { cause: error }));
        else resolve(stdout);
      },
    );
  });
}
