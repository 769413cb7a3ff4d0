// What a generator of load is asked for, and what it has counted.

export interface Ask {
  port: number;
  path: string;
  /** JSON that is posted; without it, it is a GET. */
  body?: string;
  seconds: number;
  connections: number;
}

/** What came of it. */
export interface Tally {
  answers: number;
  /** Of them, with a status of 400 or more. */
  refusals: number;
  /** Connections that broke, and answers that did not come. */
  broken: number;
  seconds: number;
}

export interface Generator {
  name: string;
  load: (ask: Ask) => Promise<Tally>;
}
