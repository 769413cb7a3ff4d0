import { readFileSync } from 'node:fs';
import type { IContainer } from 'kubernetes-models/v1';
import { RehearsalError } from '../errors.ts';
import { environmentOf } from './container-env.ts';
import { ContainerPorts } from './container-ports.ts';
import { type Deployed, deploymentOf } from './deployed.ts';
import { type KubeObject, parseManifests, podSpecOf } from './manifests.ts';
import { type Manners, otherProgram } from './other-program.ts';
import { podOf } from './pod-spec.ts';
import { type Environment, probe } from './subject.ts';

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
  const ports = new ContainerPorts(container, environment, manners.portVariable);
  const subject = otherProgram(command, { ...inherited, ...environment }, set, {
    ...manners,
    portVariable: ports.traffic,
  });
  const fallback = probe(ports.traffic, undefined, { https: manners.https ?? false, periodMs: 1000 });
  const pod = podOf(spec, container, (port) => ports.variableOf(port), fallback, left);
  return {
    program: {
      ...subject.program,
      chosen: { ...saidOf(container), ...set },
      ports: { traffic: ports.traffic, others: ports.others },
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
