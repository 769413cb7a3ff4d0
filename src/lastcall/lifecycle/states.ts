/** The states of a process, in their order: docs/shutdown.md. */
export const STATES = [
  'starting',
  'ready',
  'lame-duck',
  'draining',
  'cleanup',
  'final-scrape',
  'exited',
] as const;
export type State = (typeof STATES)[number];
