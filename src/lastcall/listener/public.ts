/** The listeners, for those who put a service together themselves. */
export { type Certificate, Listener, type ListenerOptions, type Messages } from './listener.ts';
export { type Refusal, type Refuse } from './refusal.ts';
export { type ShutdownNotice, type TrackedRequest } from './request.ts';
export { type UpgradeHandler } from './upgrades.ts';
