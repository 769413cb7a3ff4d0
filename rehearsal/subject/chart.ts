import type { IContainer } from 'kubernetes-models/v1';
import { RehearsalError } from '../errors.ts';
import { ownProgram } from './built-service.ts';
import { environmentOf } from './container-env.ts';
import { type Deployed, deploymentOf } from './deployed.ts';
import { type ChartSource, renderChart } from './helm.ts';
import { type KubeObject, podSpecOf } from './manifests.ts';
import { podOf } from './pod-spec.ts';
import { type Environment, probe } from './subject.ts';

/** Variables that make sense in the container only. */
const OF_THE_CONTAINER = ['TLS_PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_ONLY', 'NODE_OPTIONS'];
/** What Node and the programs that it starts need of this machine. */
const OF_THE_MACHINE = ['PATH', 'HOME', 'TMPDIR'];

/** What the command line says about the pods of a chart. */
export interface Wishes {
  /** Instead of those of the chart. */
  replicas?: number | undefined;
  /** The traffic is that of `TLS_PORT`. */
  https?: boolean;
}

/**
 * Renders the chart as `helm install -f … --set …` would, and takes everything from it that decides a shutdown:
 * environment, probes, preStop sleep, grace period, replicas and update strategy.
 *
 * @param main of the service, as it was built
 * @param inherited of this process: for variables that come from a Secret; `set` is on top of the container's
 * @throws RehearsalError `REHEARSAL_USAGE` if the chart does not render
 */
export async function fromChart(
  source: ChartSource,
  main: string,
  inherited: Environment,
  set: Record<string, string>,
  wishes: Wishes = {},
): Promise<Deployed> {
  return ownDeployed(await renderChart(source), main, inherited, set, wishes);
}

/**
 * The built service in the pods of its own manifests.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` if they have no Deployment with a readiness probe
 */
export function ownDeployed(
  objects: KubeObject[],
  main: string,
  inherited: Environment,
  set: Record<string, string>,
  { replicas, https = false }: Wishes = {},
): Deployed {
  const { spec, container } = podSpecOf(objects);
  const left: string[] = [];
  const ofTheMachine = OF_THE_MACHINE.flatMap((name) =>
    inherited[name] === undefined ? [] : [[name, inherited[name]] as const],
  );
  const own = {
    ...container,
    env: container.env?.filter(({ name }) => !OF_THE_CONTAINER.includes(name) && !isOfTracing(name)) ?? [],
  };
  const environment = {
    ...environmentOf(own, objects, inherited, left),
    ...Object.fromEntries(ofTheMachine),
    ...set,
  };
  if (!https && container.env?.some(({ name }) => name === 'TLS_PORT') === true)
    left.push('The HTTPS listener is left out: the load is plain HTTP.');
  if (container.env?.some(({ name }) => isOfTracing(name)) === true)
    left.push('Tracing is left out: its collector is in the cluster.');
  if (container.command !== undefined || container.args !== undefined)
    left.push('The command of the container is left out: the service is started as it was built.');
  if (container.readinessProbe === undefined)
    throw new RehearsalError('REHEARSAL_USAGE', 'there is no readiness probe in the manifests');
  const program = ownProgram(main, environment, https);
  return {
    program,
    pod: podOf(spec, container, (port) => variableOf(port, container), probe('PORT', undefined, {}), left),
    deployment: deploymentOf(objects, replicas),
    left,
  };
}

/** OpenTelemetry's variables. */
function isOfTracing(name: string): boolean {
  return name.startsWith('OTEL_');
}

/** Every port but that of the traffic is the management port. */
function variableOf(port: number | string, { ports = [] }: IContainer): string {
  const http = ports.find(({ name }) => name === 'http');
  return port === 'http' || port === http?.containerPort ? 'PORT' : 'MANAGEMENT_PORT';
}
