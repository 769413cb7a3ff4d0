import type { Cluster } from './cluster/cluster.ts';
import { crashable } from './cluster/container.ts';
import { rollingUpdate } from './cluster/deployment.ts';
import type { Load } from './load/load.ts';
import type { Plan, ScenarioName } from './plan.ts';
import type { OwnScenario } from './scenario-file.ts';
import { allAvailable, getStuck, perform } from './steps.ts';

export interface Scenario {
  description: string;
  /** What it needs that other scenarios do not. */
  prepare?: (plan: Plan) => Plan;
  /** Load on top of the usual, just before the change. */
  burden?: (load: Load, cluster: Cluster, plan: Plan) => void;
  /** Changes the cluster, and resolves when it is what it was to become. Pods that are leaving may still be there. */
  change: (cluster: Cluster, plan: Plan, load: Load) => Promise<void>;
  /** Why something is lost whatever the settings are; absent if nothing has to be. */
  unavoidable?: string;
}

/** How long a new pod takes to start in `slow-start`: an image to pull, caches to fill. */
const SLOW_START_MS = 8000;
/** How long replicas get no CPU in `starved`: a limit that is used up for twenty periods of CFS in a row. */
const STALL_MS = 2000;

export const SCENARIOS: Record<ScenarioName, Scenario> = {
  rollout: {
    description: 'every replica is replaced, one after the other, as a Deployment does it',
    change: async (cluster, { deployment }) => rollingUpdate(cluster, deployment),
  },
  'scale-down': {
    description: 'all replicas but one are deleted at once',
    change: async (cluster) => {
      for (const replica of cluster.staying.slice(1)) cluster.delete(replica);
    },
  },
  'node-drain': {
    description: 'all replicas are on one node: they are deleted at once, and start again on another',
    change: async (cluster, { deployment }) => {
      for (const replica of cluster.staying) cluster.delete(replica);
      for (let i = 0; i < deployment.replicas; i++) await cluster.create('new');
      await allAvailable(cluster);
    },
  },
  'single-replica': {
    description: 'the only replica is replaced, the new one is ready before the old one goes',
    prepare: (plan) => ({
      ...plan,
      deployment: { ...plan.deployment, replicas: 1, maxSurge: 1, maxUnavailable: 0 },
    }),
    change: async (cluster, { deployment }) => rollingUpdate(cluster, deployment),
  },
  crash: {
    description: 'one replica throws an error that nobody catches, and is started again',
    prepare: thatCanCrash,
    change: async (cluster) => {
      const [victim] = cluster.staying;
      victim?.crash();
      await cluster.until(() => (victim?.restarts ?? 1) > 0);
      await allAvailable(cluster);
    },
    unavoidable:
      'a process that crashes closes its listener at once, and its endpoint is removed only after the lag',
  },
  eviction: {
    description:
      'the node evicts one replica: SIGTERM, and its endpoint is not told before the process is gone',
    change: async (cluster) => {
      const [victim] = cluster.staying;
      if (victim !== undefined) cluster.evict(victim);
      await cluster.create('new');
      await allAvailable(cluster);
    },
    unavoidable:
      'no endpoint is removed before the process has gone, so that new connections come to a closed listener until then',
  },
  'slow-start': {
    description: `a rollout whose new replicas need ${SLOW_START_MS / 1000} s to start`,
    change: async (cluster, { deployment }) => {
      cluster.startDelayMs = SLOW_START_MS;
      await rollingUpdate(cluster, deployment);
    },
  },
  'stuck-request': {
    description: 'a rollout while every old replica has a request that takes longer than any shutdown waits',
    burden: (load, { staying }, plan) => getStuck(load, staying, plan),
    change: async (cluster, { deployment }) => rollingUpdate(cluster, deployment),
    unavoidable:
      'a request that takes longer than the drain time-out has to be cut: one for each old replica',
  },
  starved: {
    description: `a rollout whose old replicas get no CPU for ${STALL_MS / 1000} s (--stall) at a time while they leave`,
    prepare: (plan) => ({ ...plan, stallMs: plan.stallMs || STALL_MS }),
    change: async (cluster, { deployment }) => rollingUpdate(cluster, deployment),
  },
};

/** The scenario, and the plan as it needs it. */
export function scenarioOf(plan: Plan): { scenario: Scenario; plan: Plan } {
  const scenario = plan.own === undefined ? SCENARIOS[plan.scenario as ScenarioName] : fromSteps(plan.own);
  return { scenario, plan: scenario.prepare?.(plan) ?? plan };
}

function fromSteps({ description, steps }: OwnScenario): Scenario {
  const crashes = steps.some((step) => typeof step === 'object' && 'crash' in step);
  return {
    description,
    ...(crashes && { prepare: thatCanCrash }),
    change: async (cluster, plan, load) => {
      for (const step of steps) await perform(step, cluster, plan, load);
      await allAvailable(cluster);
    },
  };
}

function thatCanCrash(plan: Plan): Plan {
  return { ...plan, program: { ...plan.program, environment: crashable(plan.program.environment) } };
}
