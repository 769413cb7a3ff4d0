import type { IDeployment } from 'kubernetes-models/apps/v1';
import { parseAllDocuments } from 'yaml';

// rehearsal/subject/manifests.ts has the same: it imports nothing from here, and can go without a change here.

/** What all objects of Kubernetes have. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}

/** YAML 1.1, because that is what Kubernetes reads: an unquoted `yes` would be a boolean there. */
export function parseManifests(text: string): KubeObject[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

/** Those of a kind, whose type only the caller knows. */
export function ofKind<T = KubeObject>(objects: KubeObject[], kind: string): T[] {
  return objects.filter((object) => object.kind === kind) as T[];
}

/**
 * The pod of the first Deployment, and its first container.
 *
 * @throws Error if there is none
 */
export function podSpecOf(objects: KubeObject[]) {
  const [deployment] = ofKind<IDeployment>(objects, 'Deployment');
  const spec = deployment?.spec?.template.spec;
  const container = spec?.containers[0];
  if (spec === undefined || container === undefined) throw new Error('the chart renders no Deployment');
  return { spec, container };
}
