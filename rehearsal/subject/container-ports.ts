import type { IContainer } from 'kubernetes-models/v1';

/** The usual name of a variable with the port of the traffic. */
const USUAL_VARIABLE = 'PORT';

/**
 * The ports of a container by the variables that have their numbers: each replica gets others, as several of them are on
 * one machine.
 */
export class ContainerPorts {
  /** The variable with the port of the traffic: the one that is wanted, else that of the port named `http`, else of the first. */
  readonly traffic: string;
  readonly #container: IContainer;
  readonly #environment: Record<string, string>;
  /** As the manifests have it. */
  readonly #trafficNumber: number | undefined;

  constructor(container: IContainer, environment: Record<string, string>, wanted: string | undefined) {
    const { ports = [] } = container;
    this.#container = container;
    this.#environment = environment;
    const named = ports.find(({ name = '' }) => /^https?\b/.test(name)) ?? ports[0];
    this.traffic = wanted ?? this.#variableWith(named?.containerPort) ?? USUAL_VARIABLE;
    const said = environment[this.traffic];
    this.#trafficNumber = said === undefined ? (named?.containerPort ?? probedPort(container)) : Number(said);
  }

  /** The variables of all others. */
  get others(): string[] {
    const { ports = [], startupProbe, livenessProbe, readinessProbe } = this.#container;
    const probed = [startupProbe, livenessProbe, readinessProbe].flatMap(
      (probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? [],
    );
    const all = [...ports.map(({ containerPort }) => containerPort), ...probed].map((port) =>
      this.variableOf(port),
    );
    return [...new Set(all)].filter((name) => name !== undefined && name !== this.traffic) as string[];
  }

  /** Of a port by its name or number; undefined if no variable has it. */
  variableOf(port: number | string): string | undefined {
    const number = /^\d+$/.test(String(port))
      ? Number(port)
      : this.#container.ports?.find(({ name }) => name === port)?.containerPort;
    if (number !== undefined && number === this.#trafficNumber) return this.traffic;
    return this.#variableWith(number, this.traffic);
  }

  #variableWith(port: number | undefined, except?: string): string | undefined {
    if (port === undefined) return undefined;
    const all = Object.keys(this.#environment);
    return all.find((name) => name !== except && this.#environment[name] === String(port));
  }
}

/** A container that declares no port says by its probes which it has. */
function probedPort({ readinessProbe, livenessProbe, startupProbe }: IContainer): number | undefined {
  for (const probe of [readinessProbe, livenessProbe, startupProbe]) {
    const { port } = probe?.httpGet ?? probe?.tcpSocket ?? {};
    if (port !== undefined) return Number(port) || undefined;
  }
  return undefined;
}
