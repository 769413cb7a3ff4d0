import type { Exit, Killed, Span, StateSpan } from '../cluster/life.ts';
import type { Cause, Counts, Kind } from '../load/ledger.ts';
import type { LoadPlan, Network } from '../plan.ts';
import type { Step } from '../scenario-file.ts';
import type { ProcessReport } from '../subject/process-report.ts';
import type { Deployment, Pod, Program } from '../subject/subject.ts';

/**
 * What a rehearsal has found, as `--json` writes it. Every `…Ms` on the clock of the rehearsal is in milliseconds
 * since its load began; replicas that were up before have negative times.
 */
export interface Result extends Conclusion {
  /** Of this shape. */
  version: 2;
  /** ISO 8601. */
  startedAt: string;
  scenario: { name: string; description: string };
  /** What was rehearsed: `the built service`, or the command line of another program. */
  program: string;
  settings: Settings;
  durationMs: number;
  /** From the first change to the end of the last replica that was to go; the rest of the time is steady. */
  change: { fromMs: number; toMs: number };
  requests: Totals;
  /** By phase: `steady` before the first change, `change`, `after`. */
  phases: Record<Phase, Totals>;
  latency: { steady: Quantiles; change: Quantiles };
  replicas: ReplicaResult[];
  losses: Loss[];
  /** Causes and what to do about them, worst first; empty if nothing was lost and nothing is wrong. */
  findings: Finding[];
  /** Equal slices of the whole time, for drawing. */
  timeline: Slice[];
  /** Set where a loss can't be avoided: about how many, and why. */
  expected?: { lost: number; why: string };
  /** Lost although nothing in the scenario makes that unavoidable. */
  unexpected: number;
  /** Answers that every replica says it gave, against those that the clients got. */
  agreement: 'agree' | 'differ' | 'unknown';
}

/** The answer in a word. */
export interface Conclusion {
  /** `inconclusive`: the machine could not do what was asked, so that the numbers say little about the program. */
  verdict: 'nothing-lost' | 'lost' | 'inconclusive';
  /** Of one that is inconclusive: part of a sentence. */
  why?: string;
}

export type Phase = 'steady' | 'change' | 'after';

/** Of each of them, `sent` is the sum of the others; those of the replicas add up to those of the result. */
export interface Totals extends Counts {
  sent: number;
}

/** Milliseconds, counted from when the request was due, not from when it could be sent. */
export interface Quantiles {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/**
 * Everything that decided what the run saw: with the same program, files and environment, `arguments` make it again. Values
 * that look like secrets are `***`.
 */
export interface Settings extends Deployment, Network, Pod, Omit<LoadPlan, 'fresh' | 'slow' | 'post'> {
  /** Of the command that was given. */
  arguments: string[];
  /** What each replica runs, and the variables that it gets its ports in. */
  command: string[];
  ports: Program['ports'];
  /** Of all requests, 0 to 1. */
  shares: { fresh: number; slow: number; post: number };
  headers: Record<string, string>;
  /** For which replicas that left got no CPU, each time; 0: they always had some. */
  stallMs: number;
  /** The variables that somebody has set, or that differ from the program's own defaults. */
  environment: Record<string, string>;
  seed: number;
  /** Of a scenario from a file. */
  steps?: Step[];
}

/** One replica: what it went through, and what it says of itself. */
export interface ReplicaResult {
  /** `old-1` … are replaced, `new-1` … are what comes instead. */
  name: string;
  /** In the order of time, each from the end of the one before. Absent from the first: waiting for its start. */
  states: StateSpan[];
  /** Endpoint of at least one balancer, in turn. */
  inRotation: Span[];
  /** When its process got no CPU. */
  stalls?: Span[];
  deletedAtMs?: number;
  sigtermAtMs?: number;
  exit?: Exit;
  killed?: Killed;
  /** By the clients' count; what found no endpoint was lost with no replica. */
  answered: number;
  lost: number;
  open: number;
  /** Its own count of answers, from its report, without those to the kubelet and to the first look at its routes. */
  reported?: number;
  agrees?: boolean;
  /** The report that it logged at its end. */
  report?: ProcessReport;
}

/** One request that was lost. */
export interface Loss {
  cause: Cause;
  kind: Kind;
  method: string;
  path: string;
  /** When it was due, and when it was known to be lost. */
  atMs: number;
  failedAtMs: number;
  phase: Phase;
  replica?: string;
  /** Since the SIGTERM of that replica. */
  afterSigtermMs?: number;
  /** Of that replica when it was lost. */
  state?: string;
  /** ECONNRESET, 503, … */
  detail: string;
}

export interface Finding {
  severity: 'loss' | 'warning' | 'note';
  /** How many requests it cost. */
  lost: number;
  /** How many of them no setting would have kept; absent: none. */
  unavoidable?: number;
  /** One sentence: what happened, when, and why. */
  text: string;
  /** One sentence: what to set, and to what. */
  advice?: string;
  /** The variable or value of the chart that decides it. */
  setting?: string;
}

/** A finding that has cost nothing. */
export type Warning = Omit<Finding, 'severity' | 'lost'>;

export interface Slice {
  fromMs: number;
  toMs: number;
  sent: number;
  lost: number;
  /** By name of the replica. */
  answered: Record<string, number>;
  p50: number;
  p99: number;
  max: number;
}
