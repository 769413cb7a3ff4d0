/** The management port, for those who put a service together themselves. */
export { Management, type ManagementOptions } from './management.ts';
export { probes } from './probes.ts';
export { type Reader, Scrapes } from './scrapes.ts';
export {
  type ProbeAnswer,
  superviseWithTerminus as supervise,
  type TerminusOptions as SuperviseOptions,
} from './terminus.ts';
