import { parseDuration } from '../src/variables.ts';

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
  scenario: ScenarioName;
  program: Program;
  pod: Pod;
  deployment: Deployment;
  network: Network;
  load: LoadPlan;
  /** How long replicas that leave get no CPU, in several moments; 0: never. */
  stallMs: number;
  seed: number;
}

export interface Program {
  /** For people. */
  title: string;
  /** Arguments of spawn; the program must be the process that it starts, since that one gets the signals. */
  command: [file: string, ...args: string[]];
  /** All of its environment, but for the ports. */
  environment: Record<string, string>;
  /** The variables among them that somebody has set. */
  chosen: Record<string, string>;
  /** Variables that get a free port each, the traffic port first. */
  ports: { traffic: string; others: string[] };
}

/** What the kubelet knows of a pod. */
export interface Pod {
  /** From the deletion to SIGKILL, the preStop sleep included. */
  graceMs: number;
  preStopMs: number;
  startup: Probe | undefined;
  liveness: Probe | undefined;
  readiness: Probe;
}

/** As in a pod's spec; the port is that of a variable in {@link Program.ports}. */
export interface Probe {
  port: string;
  /** `undefined`: it is enough that the port accepts a connection. */
  path: string | undefined;
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  failureThreshold: number;
  successThreshold: number;
}

export interface Deployment {
  replicas: number;
  maxSurge: number;
  maxUnavailable: number;
  minReadyMs: number;
}

export interface Network {
  /** From the deletion of a pod to the moment when the last balancer forgets it, on average. */
  endpointLagMs: number;
  /** Share of the lag by which it varies in both directions, 0 to 1. */
  jitter: number;
  /** Balancers that learn of it independently: there is one kube-proxy on each node. */
  nodes: number;
}

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
  paths: { get: string; slow: string; post: string; stream: string; webSocket: string };
  streams: number;
  webSockets: number;
  /** Given up by the client after this. */
  timeoutMs: number;
  /** Before the first change, and after the last. */
  steadyMs: number;
  tailMs: number;
}

/** What the window takes where nobody says so. */
const USUAL_WINDOW_MS = 5000;

/** For how long a program that has the service's settings goes on listening after SIGTERM, at least. */
export function leastWindowMs({ environment }: Program): number {
  const { SHUTDOWN_WINDOW: text } = environment;
  try {
    return text === undefined ? USUAL_WINDOW_MS : parseDuration(text);
  } catch {
    return USUAL_WINDOW_MS;
  }
}
