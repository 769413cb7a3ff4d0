import type { FrontName } from './cluster/front/kinds.ts';
import type { OwnScenario } from './scenario-file.ts';
import type { Routes } from './subject/routes.ts';
import type { Deployment, Pod, Program } from './subject/subject.ts';

/** In the order in which `all` rehearses them; scenarios.ts has what they do. */
export const SCENARIO_NAMES = [
  'rollout',
  'scale-down',
  'node-drain',
  'single-replica',
  'slow-start',
  'crash',
  'eviction',
  'stuck-request',
  'starved',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** Everything that a rehearsal needs to know before it begins. Durations are in milliseconds. */
export interface Plan {
  /** Of the command that has made it. */
  arguments: string[];
  /** One of {@link SCENARIO_NAMES}, or the name of a scenario of somebody's own. */
  scenario: string;
  /** What happens in one of somebody's own. */
  own?: OwnScenario;
  program: Program;
  pod: Pod;
  deployment: Deployment;
  network: Network;
  load: LoadPlan;
  /** How long replicas that leave get no CPU, in several moments; 0: never. */
  stallMs: number;
  seed: number;
}

/** What stands between clients and replicas. */
export interface Network {
  /** From the deletion of a pod to the moment when the last balancer forgets it, on average. */
  endpointLagMs: number;
  /** Share of the lag by which it varies in both directions, 0 to 1. */
  jitter: number;
  /** Balancers that learn of it independently: there is one kube-proxy on each node. */
  nodes: number;
  /** The traffic is over TLS; certificates are not looked at, since nothing leaves the machine. */
  https: boolean;
  /** A proxy that all clients go through; without it they are connected to the replicas themselves. */
  front?: FrontName;
}

/** What the clients do. */
export interface LoadPlan {
  /** Requests per second. */
  rate: number;
  /** Keep-alive clients, each with connections of its own. */
  clients: number;
  /** Shares of all requests, 0 to 1: on a new connection, slow, with a body. */
  fresh: number;
  slow: number;
  post: number;
  slowMs: number;
  postBytes: number;
  /** Instead of a text of that length. */
  postBody?: string;
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** The status of a right answer to `routes.get`; any below 400 if not said. */
  expectStatus?: number;
  /** A text in every right answer to `routes.get`. */
  expectBody?: string;
  /**
   * The header that names each request, which every answer has to bring back. Without it, X-Request-Id is sent, and
   * expected if it comes back.
   */
  idHeader?: string;
  routes: Routes;
  streams: number;
  webSockets: number;
  /** Given up by the client after this. */
  timeoutMs: number;
  /** Before the first change, and after the last. */
  steadyMs: number;
  tailMs: number;
}
