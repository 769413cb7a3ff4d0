import type { Cluster } from './cluster/cluster.ts';
import { rollingUpdate } from './cluster/deployment.ts';
import type { Load } from './load/load.ts';
import type { Plan } from './plan.ts';
import type { Step } from './scenario-file.ts';

/** The longest that `/slow` takes. */
const LONGEST_REQUEST_MS = 60_000;

/** A request at each of these replicas that outlasts every shutdown. */
export function getStuck(load: Load, replicas: Cluster['replicas'], { pod }: Plan): void {
  for (const replica of replicas) load.getStuckAt(replica, Math.min(pod.graceMs, LONGEST_REQUEST_MS));
}

/** Resolves when all replicas that are to stay are available. */
export async function allAvailable(cluster: Cluster): Promise<void> {
  await cluster.until(() => cluster.staying.every((replica) => cluster.available(replica)));
}

/** Does what a step of a scenario from a file says; the oldest replicas are those that it happens to. */
export async function perform(step: Step, cluster: Cluster, plan: Plan, load: Load): Promise<void> {
  if (step === 'rollout') return rollingUpdate(cluster, plan.deployment);
  if (step === 'ready') return allAvailable(cluster);
  const [[what, value]] = Object.entries(step) as [[StepName, number]];
  return DEEDS[what](value, cluster, plan, load);
}

type StepName = Step extends infer S ? (S extends string ? never : keyof S) : never;
type Deed = (value: number, cluster: Cluster, plan: Plan, load: Load) => Promise<void> | undefined;

const create = async (count: number, cluster: Cluster) => {
  for (let i = 0; i < count; i++) await cluster.create('new');
};

const DEEDS: Record<StepName, Deed> = {
  delete: async (count, cluster) => {
    const gone = cluster.staying.slice(0, count);
    for (const replica of gone) cluster.delete(replica);
    await create(gone.length, cluster);
  },
  scale: async (count, cluster) => {
    const { staying } = cluster;
    for (const replica of staying.slice(0, Math.max(0, staying.length - count))) cluster.delete(replica);
    await create(count - staying.length, cluster);
  },
  evict: async (count, cluster) => {
    const gone = cluster.staying.slice(0, count);
    for (const replica of gone) cluster.evict(replica);
    await create(gone.length, cluster);
  },
  crash: async (count, cluster) => {
    const victims = cluster.staying.slice(0, count).map((replica) => ({ replica, before: replica.restarts }));
    for (const { replica } of victims) replica.crash();
    await cluster.until(() => victims.every(({ replica, before }) => replica.restarts > before));
  },
  stuck: (count, cluster, plan, load) => {
    getStuck(load, cluster.staying.slice(0, count), plan);
    return undefined;
  },
  'start-delay': (ms, cluster) => {
    cluster.startDelayMs = ms;
    return undefined;
  },
  wait: async (ms, cluster) => cluster.pass(ms),
};
