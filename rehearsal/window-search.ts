import { RehearsalError } from './errors.ts';
import type { Observer } from './observer.ts';
import type { Plan } from './plan.ts';
import { rehearse } from './rehearse.ts';
import { withVariables } from './subject/subject.ts';

export interface WindowSearch {
  version: 1;
  /** The smallest window that lost nothing, every time. */
  windowMs: number;
  /** What was tried, in this order. */
  tries: { windowMs: number; lost: number }[];
  endpointLagMs: number;
  jitter: number;
}

const STEP_MS = 250;
/** A window that loses nothing has to do so as many times in a row: endpoints are not always removed as late. */
const CONFIRMATIONS = 3;
/** Beyond the lag, to be sure that the search has an end. */
const HEADROOM_MS = 2000;

/**
 * Searches for the smallest SHUTDOWN_WINDOW that loses nothing, in steps of 250 ms: first by halves, then upwards until
 * one has lost nothing three times. The quiet period is off: it would make up for a window that is too short,
 * but only while there is traffic to hear.
 *
 * @throws RehearsalError `REHEARSAL_FAILED` if even a window that is longer than the lag loses something
 */
export async function findWindow(plan: Plan, observer: Observer, signal: AbortSignal): Promise<WindowSearch> {
  const { endpointLagMs, jitter } = plan.network;
  const tries: WindowSearch['tries'] = [];
  const lostWith = async (windowMs: number) => {
    const { requests } = await rehearse(withWindow(plan, windowMs), quiet(observer), signal);
    tries.push({ windowMs, lost: requests.lost });
    observer.event(0, `window ${windowMs} ms: ${requests.lost} lost`);
    return requests.lost;
  };
  const limit = Math.ceil((endpointLagMs * (1 + jitter) + HEADROOM_MS) / STEP_MS);
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await lostWith(middle * STEP_MS)) === 0) high = middle;
    else low = middle + 1;
  }
  for (let step = low; step <= limit; step++) {
    const windowMs = step * STEP_MS;
    const clean = () => tries.filter((tried) => tried.windowMs === windowMs && tried.lost === 0).length;
    while (clean() < CONFIRMATIONS && (await lostWith(windowMs)) === 0);
    if (clean() >= CONFIRMATIONS) return { version: 1, windowMs, tries, endpointLagMs, jitter };
  }
  throw new RehearsalError(
    'REHEARSAL_FAILED',
    `even a window of ${limit * STEP_MS} ms loses requests: rehearse with it to see why`,
  );
}

function withWindow(plan: Plan, windowMs: number): Plan {
  const variables = {
    SHUTDOWN_WINDOW: `${windowMs}ms`,
    SHUTDOWN_WINDOW_MAX: `${windowMs}ms`,
    SHUTDOWN_QUIET_PERIOD: '0',
  };
  const { pod, load } = plan;
  const program = withVariables(plan.program, variables);
  // The grace period is not what is looked for: there is enough of it for every window.
  delete program.environment['SHUTDOWN_GRACE_PERIOD'];
  return {
    ...plan,
    program,
    pod: { ...pod, graceMs: pod.graceMs + windowMs },
    load: { ...load, steadyMs: Math.min(load.steadyMs, 1000), tailMs: 0 },
  };
}

/** Shows how far each try is, and says only what came of it. */
function quiet({ progress }: Observer): Observer {
  return { event: () => undefined, progress };
}
