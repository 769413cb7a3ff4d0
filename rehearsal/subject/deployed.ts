import type { IDeployment } from 'kubernetes-models/apps/v1';
import { type KubeObject, ofKind } from './manifests.ts';
import type { Deployment, Subject } from './subject.ts';

/** A program in the pods that manifests describe. */
export interface Deployed extends Subject {
  deployment: Deployment;
  /** What of the manifests can't be rehearsed on one machine, a sentence each. */
  left: string[];
}

interface HorizontalPodAutoscaler {
  spec: { minReplicas?: number };
}

/**
 * How many pods the first Deployment has, and how they are replaced.
 *
 * @param wanted instead of its own number; percentages are of that
 */
export function deploymentOf(objects: KubeObject[], wanted?: number): Deployment {
  const [deployment] = ofKind<IDeployment>(objects, 'Deployment');
  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler');
  const replicas = wanted ?? deployment?.spec?.replicas ?? autoscaler?.spec.minReplicas ?? 1;
  const { type, rollingUpdate } = deployment?.spec?.strategy ?? {};
  const { maxSurge = '25%', maxUnavailable = '25%' } =
    type === 'Recreate' ? { maxSurge: 0, maxUnavailable: '100%' } : (rollingUpdate ?? {});
  return {
    replicas,
    maxSurge: share(maxSurge, replicas, Math.ceil),
    maxUnavailable: share(maxUnavailable, replicas, Math.floor),
    minReadyMs: (deployment?.spec?.minReadySeconds ?? 0) * 1000,
  };
}

/** `25%` of the replicas, or a number of them. */
function share(value: string | number, replicas: number, round: (share: number) => number): number {
  const [, percent] = /^(\d+)%$/.exec(String(value)) ?? [];
  return percent === undefined ? Number(value) : round((Number(percent) / 100) * replicas);
}
