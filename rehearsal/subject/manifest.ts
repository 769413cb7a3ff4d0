import { readFileSync } from 'node:fs';
import type { IContainer } from 'kubernetes-models/v1';
import { RehearsalError } from '../errors.ts';
import { environmentOf } from './container-env.ts';
import { type Deployed, deploymentOf } from './deployed.ts';
import { type KubeObject, parseManifests, podSpecOf } from './manifests.ts';
import { type Manners, otherProgram } from './other-program.ts';
import { podOf } from './pod-spec.ts';
import { type Environment, probe, type Probe } from './subject.ts';

/** Variables whose values are those of this machine, whatever the container says. */
const OF_THE_MACHINE = ['PATH', 'HOME', 'HOSTNAME', 'HOST'];

/**
 * The objects of a file: rendered manifests, as `helm template`, `kustomize build` or `kubectl get -o yaml` write them.
 *
 * @throws RehearsalError `REHEARSAL_USAGE` if it can't be read
 */
export function readManifest(file: string): KubeObject[] {
  try {
    return parseManifests(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RehearsalError('REHEARSAL_USAGE', `--manifest ${file}: ${(error as Error).message}`);
  }
}

/**
 * Any program in the pods that manifests describe: with their environment, probes, hooks, grace period and strategy.
 *
 * @param command as in {@link otherProgram}
 * @param inherited of this process; the container's variables are on top of it, and `set` on top of those
 * @throws RehearsalError `REHEARSAL_USAGE` if there is no Deployment, or more than one
 */
export function fromManifest(
  objects: KubeObject[],
  command: string,
  inherited: Environment,
  set: Record<string, string>,
  manners: Manners,
  replicas?: number,
): Deployed {
  const { spec, container } = podSpecOf(objects);
  const left: string[] = [];
  const own = {
    ...container,
    env: container.env?.filter(({ name }) => !OF_THE_MACHINE.includes(name)) ?? [],
  };
  const environment = environmentOf(own, objects, inherited, left);
  const ports = portsOf(container, environment, manners.portVariable);
  const subject = otherProgram(command, { ...inherited, ...environment }, set, {
    ...manners,
    portVariable: ports.traffic,
  });
  const variableOf = (port: number | string) => {
    const number = numberOf(port, container);
    if (number === ports.number) return ports.traffic;
    return variableWith(number, environment, ports.traffic);
  };
  const fallback = probe(ports.traffic, undefined, { https: manners.https ?? false, periodMs: 1000 });
  const pod = podOf(spec, container, variableOf, fallback, left);
  const probes = [pod.startup, pod.liveness, pod.readiness].filter((one) => one !== undefined);
  return {
    program: {
      ...subject.program,
      chosen: { ...saidOf(container), ...set },
      ports: { traffic: ports.traffic, others: othersOf(container, environment, ports.traffic, probes) },
    },
    pod: withManners(pod, subject, manners),
    deployment: deploymentOf(objects, replicas),
    left,
  };
}

/** The variables whose values stand in the manifests for everybody to read, without those of ports. */
function saidOf({ env = [], ports = [] }: IContainer): Record<string, string> {
  const numbers = new Set(ports.map(({ containerPort }) => String(containerPort)));
  const said = env.flatMap(({ name, value }) =>
    value === undefined || numbers.has(value) || OF_THE_MACHINE.includes(name)
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(said);
}

/** What was said on the command line is more than what the manifests say. */
function withManners(pod: Deployed['pod'], { pod: said }: { pod: Deployed['pod'] }, manners: Manners) {
  return {
    ...pod,
    ...(manners.readyPath === undefined ? {} : { readiness: said.readiness }),
    ...(manners.livePath === undefined ? {} : { liveness: said.liveness }),
  };
}

/** The port of the traffic: that of `wanted`, else the one named `http`, else the first; and its variable. */
function portsOf(
  container: IContainer,
  environment: Record<string, string>,
  wanted: string | undefined,
): { number: number | undefined; traffic: string } {
  const { ports = [] } = container;
  const named = ports.find(({ name = '' }) => /^https?\b/.test(name)) ?? ports[0];
  if (wanted !== undefined) {
    const value = environment[wanted];
    return { number: value === undefined ? named?.containerPort : Number(value), traffic: wanted };
  }
  const number = named?.containerPort;
  return { number, traffic: variableWith(number, environment) ?? 'PORT' };
}

/** Each of them gets a free port, as there are several replicas on one machine. */
function othersOf(
  { ports = [] }: IContainer,
  environment: Record<string, string>,
  traffic: string,
  probes: Probe[],
): string[] {
  const variables = [
    ...ports.map(({ containerPort }) => variableWith(containerPort, environment, traffic)),
    ...probes.map(({ port }) => port),
  ];
  return [...new Set(variables)].filter((name) => name !== undefined && name !== traffic) as string[];
}

function numberOf(port: number | string, { ports = [] }: IContainer): number | undefined {
  if (typeof port === 'number' || /^\d+$/.test(port)) return Number(port);
  return ports.find(({ name }) => name === port)?.containerPort;
}

/** The variable whose value is this port. */
function variableWith(
  port: number | undefined,
  environment: Record<string, string>,
  except?: string,
): string | undefined {
  if (port === undefined) return undefined;
  return Object.keys(environment).find((name) => name !== except && environment[name] === String(port));
}
