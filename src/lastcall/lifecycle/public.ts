/** The life of the process, for those who put a service together themselves: `Lifecycle` is where to begin. */
export {
  type Drainable,
  type DrainOptions,
  type ListenerResult,
  type LostRequest,
  type RequestSnapshot,
} from './drainable.ts';
export { LifecycleError, type LifecycleErrorCode } from './errors.ts';
export { type CheckOptions, type CheckStatus, Health, type HealthCheck } from './health.ts';
export { type Hook, type HookResult, Hooks } from './hooks.ts';
export { Lifecycle, type LifecycleEvents, type LifecycleOptions } from './lifecycle.ts';
export { type Outcome, type Progress, type Report } from './report.ts';
export { SIGNALS, trapEarly } from './signals.ts';
export { type State } from './states.ts';
export { type ShutdownSettings } from './budget.ts';
export { type Tally } from './tally.ts';
