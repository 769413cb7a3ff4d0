import type { IncomingHttpHeaders } from 'node:http';

/** Why a proxy answered by itself. */
export type FrontLoss = 'no-endpoint' | 'refused' | 'reset' | 'timeout';

/** What an answer that came through a proxy tells of its way. */
export interface Passage {
  /** The port of the replica that was tried last; undefined if none was. */
  port: number | undefined;
  /** Absent: the answer is the replica's own. */
  loss?: FrontLoss;
}

/** Where a proxy is: the folder of its files, and its port. */
export interface Place {
  folder: string;
  port: number;
}

/** How a proxy is run, in a folder of its own. */
export interface FrontKind {
  /** For people. */
  title: string;
  program: string;
  /** Files of Debian packages that it needs besides, each with its package. */
  needs: [file: string, packageName: string][];
  /** Writes its configuration, for so many endpoints; returns its arguments. */
  configure: (place: Place, endpoints: number) => string[];
  /**
   * Tells it which ports there are from now on.
   *
   * @param known all that there have ever been, in the order in which they came
   */
  lead: (place: Place, endpoints: number[], known: readonly number[]) => Promise<void>;
  passage: (status: number, headers: IncomingHttpHeaders, known: readonly number[]) => Passage;
}
