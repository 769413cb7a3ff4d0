import { fileURLToPath } from 'node:url';
import type { LoadPlan, Plan } from '../../rehearsal/plan.ts';
import { ownSubject } from '../../rehearsal/subject/built-service.ts';
import { otherProgram } from '../../rehearsal/subject/other-program.ts';
import { ROUTES } from '../../rehearsal/subject/routes.ts';
import type { Subject } from '../../rehearsal/subject/subject.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import type { Result } from '../../rehearsal/verdict/result.ts';
import { againstSchema } from './rehearsal-schema.ts';

const FAULTY = fileURLToPath(new URL('../rehearsal/faulty.mjs', import.meta.url));

/** The fixture on the engine that jest has built. */
export const BUILT = fileURLToPath(new URL('../fixture/main.mjs', import.meta.url));

const LOAD: LoadPlan = {
  rate: 100,
  clients: 20,
  fresh: 0.3,
  slow: 0,
  post: 0.1,
  slowMs: 500,
  postBytes: 100,
  routes: ROUTES,
  streams: 0,
  webSockets: 0,
  timeoutMs: 5000,
  steadyMs: 500,
  tailMs: 100,
};

/** Everything of a plan that a test is about; the rest is short. */
export interface Wanted {
  scenario?: Plan['scenario'];
  pod?: Partial<Plan['pod']>;
  deployment?: Partial<Plan['deployment']>;
  network?: Partial<Plan['network']>;
  load?: Partial<LoadPlan>;
  stallMs?: number;
}

/** The fixture, with a window of 1.5 s unless the test says otherwise. */
export function service(variables: Record<string, string> = {}): Subject {
  const short = {
    SHUTDOWN_WINDOW: '1.5s',
    SHUTDOWN_QUIET_PERIOD: '0',
    SHUTDOWN_KEEP_ALIVE_MIN_IDLE: '200ms',
  };
  return ownSubject(BUILT, { PATH: process.env['PATH'] }, { ...short, ...variables });
}

/** One of the programs in faulty.mjs. */
export function faulty(fault: string, paths: { readyPath?: string; livePath?: string } = {}): Subject {
  return otherProgram(`${process.execPath} ${FAULTY} ${fault}`, { PATH: process.env['PATH'] }, {}, paths);
}

/** Two replicas, an endpoint lag of 300 ms, 100 requests a second. */
export function planOf(subject: Subject, wanted: Wanted = {}): Plan {
  const quickProbes = { readiness: { ...subject.pod.readiness, periodMs: 200 } };
  return {
    arguments: [],
    scenario: wanted.scenario ?? 'rollout',
    program: subject.program,
    pod: { ...subject.pod, ...quickProbes, ...wanted.pod },
    deployment: { replicas: 2, maxSurge: 1, maxUnavailable: 0, minReadyMs: 0, ...wanted.deployment },
    network: { endpointLagMs: 300, jitter: 0.2, nodes: 2, https: false, ...wanted.network },
    // Of a faulty program only `/` is known.
    load: { ...LOAD, ...(subject.program.ports.others.length === 0 ? { post: 0 } : {}), ...wanted.load },
    stallMs: wanted.stallMs ?? 0,
    seed: 1,
  };
}

/**
 * Rehearses, and shows nobody.
 *
 * @throws Error if the result is not what docs/rehearsal.schema.json promises
 */
export async function rehearsed(plan: Plan): Promise<Result> {
  const observer = { event: () => undefined, progress: () => undefined };
  const result = await rehearse(plan, observer, new AbortController().signal);
  const wrong = againstSchema(result);
  if (wrong.length > 0) throw new Error(`the result breaks its schema: ${wrong.join(', ')}`);
  return result;
}
