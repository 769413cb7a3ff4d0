/** What is run, and how the kubelet treats it. */
export interface Subject {
  program: Program;
  pod: Pod;
}

/** A process, and how it is told its ports. */
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
  /** That asks the process to end. */
  stopSignal: NodeJS.Signals;
  startup: Probe | undefined;
  liveness: Probe | undefined;
  readiness: Probe;
}

/** As in a pod's spec; the port is that of a variable in {@link Program.ports}. */
export interface Probe {
  port: string;
  /** `undefined`: it is enough that the port accepts a connection. */
  path: string | undefined;
  /** Over TLS, whatever certificate there is. */
  https: boolean;
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  failureThreshold: number;
  successThreshold: number;
}

/** How many pods there are, and how they are replaced. */
export interface Deployment {
  replicas: number;
  maxSurge: number;
  maxUnavailable: number;
  minReadyMs: number;
}

/** Variables by name, as in `process.env`. */
export type Environment = Record<string, string | undefined>;

/** A port that takes connections, or answers a path; with Kubernetes' own defaults for what is not said. */
export function probe(port: string, path: string | undefined, times: Partial<Probe>): Probe {
  const defaults = {
    https: false,
    initialDelayMs: 0,
    periodMs: 10_000,
    timeoutMs: 1000,
    failureThreshold: 3,
    successThreshold: 1,
  };
  return { port, path, ...defaults, ...times };
}

/** The same program with these variables on top of its own. */
export function withVariables(program: Program, variables: Record<string, string>): Program {
  return {
    ...program,
    environment: { ...program.environment, ...variables },
    chosen: { ...program.chosen, ...variables },
  };
}

/** Without what npm and a terminal have put into it. */
export function forChildren(environment: Environment): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^npm_|^INIT_CWD$|^FORCE_COLOR$/i.test(entry[0]),
  );
  return Object.fromEntries(kept);
}
