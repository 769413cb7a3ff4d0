import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IContainer, IProbe } from 'kubernetes-models/v1';
import { RehearsalError } from '../errors.ts';
import { ownProgram } from './built-service.ts';
import { type ChartSource, renderChart } from './helm.ts';
import { ofKind, podSpecOf } from './manifests.ts';
import { type Deployment, type Environment, type Probe, probe, type Subject } from './subject.ts';

/** The built service in the pods that Helm would deploy. */
export interface Deployed extends Subject {
  deployment: Deployment;
  /** What of the chart can't be rehearsed on one machine, a sentence each. */
  left: string[];
}

interface HorizontalPodAutoscaler {
  spec: { minReplicas?: number };
}

/** Variables that make sense in the container only. */
const OF_THE_CONTAINER = ['TLS_PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_ONLY', 'NODE_OPTIONS'];
/** Variables of OpenTelemetry. */
const OF_TRACING = 'OTEL_';
/** What Node and the programs that it starts need of this machine. */
const OF_THE_MACHINE = ['PATH', 'HOME', 'TMPDIR'];

/**
 * Renders the chart as `helm install -f … --set …` would, and takes everything from it that decides a shutdown:
 * environment, probes, preStop sleep, grace period, replicas and update strategy.
 *
 * @param main of the service, as it was built
 * @param inherited of this process: for variables that come from a Secret; `set` is on top of the container's
 * @param wantedReplicas instead of those of the chart; percentages are of them
 * @throws RehearsalError `REHEARSAL_USAGE` if the chart does not render
 */
export async function fromChart(
  source: ChartSource,
  main: string,
  inherited: Environment,
  set: Record<string, string>,
  wantedReplicas?: number,
): Promise<Deployed> {
  const objects = await renderChart(source);
  const [deployment] = ofKind<IDeployment>(objects, 'Deployment');
  const { spec, container } = podSpecOf(objects);
  const left: string[] = [];
  const ofTheMachine = OF_THE_MACHINE.flatMap((name) =>
    inherited[name] === undefined ? [] : [[name, inherited[name]] as const],
  );
  const program = ownProgram(main, {
    ...environmentOf(container, inherited, left),
    ...Object.fromEntries(ofTheMachine),
    ...set,
  });

  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(objects, 'HorizontalPodAutoscaler');
  const replicas = wantedReplicas ?? deployment?.spec?.replicas ?? autoscaler?.spec.minReplicas ?? 1;
  const { type, rollingUpdate } = deployment?.spec?.strategy ?? {};
  const { maxSurge = '25%', maxUnavailable = '25%' } =
    type === 'Recreate' ? { maxSurge: 0, maxUnavailable: '100%' } : (rollingUpdate ?? {});
  if (container.command !== undefined || container.args !== undefined)
    left.push('The command of the container is left out: the service is started as it was built.');
  const { preStop } = container.lifecycle ?? {};
  if (preStop !== undefined && preStop.sleep === undefined)
    left.push('The preStop hook is left out: SIGTERM comes at once.');
  const of = (given: IProbe | undefined) => (given === undefined ? undefined : probeOf(given, container));
  const readiness = of(container.readinessProbe);
  if (readiness === undefined)
    throw new RehearsalError('REHEARSAL_USAGE', 'the chart renders no readiness probe');
  return {
    program,
    pod: {
      graceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1000,
      preStopMs: (preStop?.sleep?.seconds ?? 0) * 1000,
      startup: of(container.startupProbe),
      liveness: of(container.livenessProbe),
      readiness,
    },
    deployment: {
      replicas,
      maxSurge: share(maxSurge, replicas, Math.ceil),
      maxUnavailable: share(maxUnavailable, replicas, Math.floor),
      minReadyMs: (deployment?.spec?.minReadySeconds ?? 0) * 1000,
    },
    left,
  };
}

function environmentOf(
  { env = [], envFrom = [] }: IContainer,
  inherited: Environment,
  left: string[],
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    if (OF_THE_CONTAINER.includes(name) || name.startsWith(OF_TRACING)) continue;
    const known = value ?? valueFrom?.fieldRef?.fieldPath ?? inherited[name];
    if (known === undefined)
      left.push(`${name} comes from a Secret or ConfigMap: set it in the environment of the rehearsal.`);
    else environment[name] = known;
  }
  if (env.some(({ name }) => name === 'TLS_PORT'))
    left.push('The HTTPS listener is left out: the load is plain HTTP.');
  if (env.some(({ name }) => name.startsWith(OF_TRACING)))
    left.push('Tracing is left out: its collector is in the cluster.');
  if (envFrom.length > 0)
    left.push('Variables from envFrom are unknown here: set them in the environment of the rehearsal.');
  return environment;
}

/** A probe of the container by the name or number of its port, as one of the variable that the port comes from. */
function probeOf(given: IProbe, { ports = [] }: IContainer): Probe {
  const {
    httpGet,
    initialDelaySeconds = 0,
    periodSeconds,
    timeoutSeconds,
    failureThreshold,
    successThreshold,
  } = given;
  if (httpGet === undefined)
    throw new RehearsalError('REHEARSAL_USAGE', 'only httpGet probes can be rehearsed');
  const http = ports.find(({ name }) => name === 'http');
  const ofTraffic = httpGet.port === 'http' || httpGet.port === http?.containerPort;
  return probe(ofTraffic ? 'PORT' : 'MANAGEMENT_PORT', httpGet.path ?? '/', {
    initialDelayMs: initialDelaySeconds * 1000,
    ...(periodSeconds === undefined ? {} : { periodMs: periodSeconds * 1000 }),
    ...(timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 }),
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
    ...(successThreshold === undefined ? {} : { successThreshold }),
  });
}

/** `25%` of the replicas, or a number of them. */
function share(value: string | number, replicas: number, round: (share: number) => number): number {
  const [, percent] = /^(\d+)%$/.exec(String(value)) ?? [];
  return percent === undefined ? Number(value) : round((Number(percent) / 100) * replicas);
}
