import type { IDeployment } from 'kubernetes-models/apps/v1';
import { parseAllDocuments } from 'yaml';
import { RehearsalError } from '../errors.ts';

/** What all objects of Kubernetes have. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}

/** The objects of several documents, and of lists. YAML 1.1, because that is what Kubernetes reads: an unquoted `yes` would be a boolean there. */
export function parseManifests(text: string): KubeObject[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const object = document.toJS() as (KubeObject & { items?: KubeObject[] }) | null;
    if (typeof object?.kind !== 'string') return [];
    return object.kind.endsWith('List') ? (object.items ?? []) : [object];
  });
}

/** Those of a kind, whose type only the caller knows. */
export function ofKind<T = KubeObject>(objects: KubeObject[], kind: string): T[] {
  return objects.filter((object) => object.kind === kind) as T[];
}

/** Names the container that is meant where there are others beside it. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/**
 * The pod of the Deployment, and its container: the one that an annotation names, else the first.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` if there is none, or more than one
 */
export function podSpecOf(objects: KubeObject[]) {
  const deployments = ofKind<IDeployment>(objects, 'Deployment');
  if (deployments.length > 1) {
    const names = deployments.map(({ metadata }) => metadata?.name).join(', ');
    throw new RehearsalError('REHEARSAL_USAGE', `there are several Deployments, ${names}: expected one`);
  }
  const { metadata, spec } = deployments[0]?.spec?.template ?? {};
  const meant = metadata?.annotations?.[DEFAULT_CONTAINER];
  const container = spec?.containers?.find(({ name }) => name === meant) ?? spec?.containers?.[0];
  if (spec === undefined || container === undefined) {
    throw new RehearsalError('REHEARSAL_USAGE', 'there is no Deployment in the manifests');
  }
  return { spec, container };
}
