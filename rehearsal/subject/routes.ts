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

/** Those of the service. */
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

/** The JSON body of a request that has one: what was given, or a text of so many bytes that begins with the request's id. */
export function bodyOf({ postBytes, postBody }: { postBytes: number; postBody?: string }, id: string) {
  const text = postBody ?? JSON.stringify({ text: id.padEnd(postBytes, 'x').slice(0, postBytes) });
  return { text, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } };
}

/** The path of a request that takes so long. */
export function slowPath({ slow }: Routes, ms: number): string {
  return slow.replace('%ms', String(ms));
}
