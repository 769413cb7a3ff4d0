/** What is known while a rehearsal runs: for the display. */
export interface Snapshot {
  elapsedMs: number;
  /** `warming up`, `steady`, `rollout`, `cooling down` … */
  step: string;
  /** `sinceMs`: when the state began. */
  replicas: { name: string; state: string; sinceMs: number; answered: number; lost: number }[];
  sent: number;
  answered: number;
  lost: number;
  inFlight: number;
  /** Of the last second. */
  p99: number;
}

/** Gets what happens while it happens. */
export interface Observer {
  /** Something worth a line: a replica changed its state, an endpoint left, the first loss … */
  event: (atMs: number, text: string) => void;
  /** Several times a second. */
  progress: (snapshot: Snapshot) => void;
}
