/** From one moment to another, in milliseconds; of what has not ended, the end is `Infinity`. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** In the order of time, each from the end of the one before. */
export interface StateSpan extends Span {
  state: string;
}

/** How a process ended. */
export interface Exit {
  atMs: number;
  code: number | null;
  signal: string | null;
}

/** Ended by force: the grace period was over, its liveness probe failed, or the scenario crashed it. */
export type Killed = 'grace' | 'liveness' | 'crash';
