/**
 * What a rehearsal takes for granted of the program that it rehearses: the paths that its load asks for. These are the
 * service's own, which the peers have, too; each has a flag.
 */
export interface Routes {
  /** Answers at once. */
  get: string;
  /** Takes its time; `%ms` stands for the milliseconds. */
  slow: string;
  /** Takes a body. */
  post: string;
  /** An event stream, which stays open. */
  stream: string;
  webSocket: string;
}

export const ROUTES: Routes = {
  get: '/',
  slow: '/slow?ms=%ms',
  post: '/echo',
  stream: '/events',
  webSocket: '/',
};

/** The flag that says another path. */
export const ROUTE_FLAGS: Record<keyof Routes, string> = {
  get: '--path',
  slow: '--slow-path',
  post: '--post-path',
  stream: '--stream-path',
  webSocket: '--websocket-path',
};

/** How much is asked of them where nobody says so: shares of all requests, and clients. */
export const USUAL_LOAD = { slow: 0.02, post: 0.1, streams: 6 };

/** Of any other program only a landing page is taken for granted. */
export const CAUTIOUS_LOAD = { slow: 0, post: 0, streams: 0 };

/** The body of a request that has one, and what it is. */
export function bodyOf(bytes: number): { type: string; text: string } {
  return { type: 'application/json', text: JSON.stringify({ text: 'x'.repeat(bytes) }) };
}

export function slowPath({ slow }: Routes, ms: number): string {
  return slow.replace('%ms', String(ms));
}
