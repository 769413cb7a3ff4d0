import { constants } from 'node:os';

/** What Kubernetes sends where nobody says anything else. */
export const USUAL_SIGNAL = 'SIGTERM';

/** Whether this system can send it, and it asks for an end instead of stopping the process. */
export function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name) && name !== 'SIGSTOP' && name !== 'SIGCONT';
}
