import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Contradiction,
  type ContradictionContext,
  contradictions,
  type PortInUse,
} from './contradictions.ts';
import { type Defaults, refuseStrangers, withDefaults } from './defaults.ts';
import { reader } from './read.ts';
import { type Config, type Schema, SCHEMA, type ValuesOf } from './schema.ts';

/** What a room of the engine, a part that a service may do without, adds to the configuration. */
export interface RoomVariables<S extends Schema = Schema> {
  /** Its folder below src/lastcall/. */
  name: string;
  schema: S;
  /** The ports that it listens on. */
  ports?(values: ValuesOf<S>, config: Config): PortInUse[];
  /** Whether they take the place of the plain HTTP listener, which then is not opened. */
  insteadOfHttp?(values: ValuesOf<S>): boolean;
  contradictions?(values: ValuesOf<S>, context: ContradictionContext): Contradiction[];
}

/** The variables of rooms, which are refused where the room is not in use: who sets them expects something of it. */
export const ROOM_VARIABLES: Record<string, string[]> = {
  tls: ['TLS_PORT', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_ONLY'],
  gateway: ['GATEWAY_TARGETS', 'GATEWAY_TIMEOUT'],
  tracing: [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    'OTEL_EXPORTER_OTLP_TIMEOUT',
    'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
    'OTEL_TRACES_EXPORTER',
    'OTEL_METRICS_EXPORTER',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    'OTEL_METRIC_EXPORT_INTERVAL',
    'OTEL_TRACES_SAMPLER',
    'OTEL_TRACES_SAMPLER_ARG',
    'TRACING_SLOW_REQUESTS',
    'OTEL_PROPAGATORS',
    'OTEL_SERVICE_NAME',
    'OTEL_RESOURCE_ATTRIBUTES',
    'OTEL_SDK_DISABLED',
  ],
};

export interface LoadOptions<V extends Schema> {
  /** A person watches: nobody at a terminal wants to wait for load balancers. */
  terminal: boolean;
  /** Of the service itself. */
  variables: V;
  /** In use. */
  rooms: RoomVariables[];
  /** Of the service, for variables of the engine and of those rooms. */
  defaults?: Defaults;
}

export interface Loaded<V extends Schema> {
  config: Config;
  variables: ValuesOf<V>;
  /** Whether there is a plain HTTP listener: a room may take its place. */
  plainHttp: boolean;
  /** The values of a room's variables. @throws Error if it is not in use */
  settingsOf: SettingsOf;
}

export type SettingsOf = <S extends Schema>(room: RoomVariables<S>) => ValuesOf<S>;

/** The environment has values that can't be used; `problems` has one line for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`${problems.length} problem${problems.length === 1 ? '' : 's'} in the environment`);
    this.problems = problems;
  }
}

/**
 * Reads the whole configuration: the engine's variables, those of the rooms in use, and the service's own.
 *
 * @throws ConfigError `CONFIG_INVALID` with every problem
 * @throws Error if a default of the service is of no variable, or nothing that the variable takes
 */
export function loadAll<V extends Schema>(
  env: NodeJS.ProcessEnv,
  { terminal, variables, rooms, defaults = {} }: LoadOptions<V>,
): Loaded<V> {
  refuseStrangers(defaults, [SCHEMA, ...rooms.map(({ schema }) => schema)]);
  const { read, problems } = reader(env, { terminal, own: ownPackage() });
  const config = read(withDefaults(SCHEMA, defaults));
  const settings = new Map(rooms.map((room) => [room.name, read(withDefaults(room.schema, defaults))]));
  const own = read(variables);
  const valuesOf = (room: RoomVariables) => settings.get(room.name) ?? {};

  const { http, management } = config;
  const plainHttp = !rooms.some((room) => room.insteadOfHttp?.(valuesOf(room)));
  const ports = [
    ...(plainHttp ? [{ name: 'PORT', port: http.port, host: http.host }] : []),
    ...rooms.flatMap((room) => room.ports?.(valuesOf(room), config) ?? []),
    { name: 'MANAGEMENT_PORT', port: management.port, host: management.host },
  ];
  const context = { config, env, ports };
  const found = [
    ...contradictions(context),
    ...rooms.flatMap((room) => room.contradictions?.(valuesOf(room), context) ?? []),
  ];
  const lines = [
    ...problems.values(),
    ...found.filter(({ of }) => !of.some((name) => problems.has(name))).map(({ text }) => text),
    ...strangers(env, rooms),
  ];
  if (lines.length > 0) throw new ConfigError(lines);
  return {
    config,
    variables: own,
    plainHttp,
    settingsOf: (room) => {
      const values = settings.get(room.name);
      if (values === undefined) {
        throw new Error(
          `the room ${room.name} is used and not in the list of rooms (src/service/variables.ts)`,
        );
      }
      return values as never;
    },
  };
}

/** The engine's own variables alone. @throws ConfigError `CONFIG_INVALID` */
export function loadConfig(env: NodeJS.ProcessEnv, terminal: boolean): Config {
  return loadAll(env, { terminal, variables: {}, rooms: [] }).config;
}

function strangers(env: NodeJS.ProcessEnv, rooms: RoomVariables[]): string[] {
  return Object.entries(ROOM_VARIABLES)
    .filter(([name]) => !rooms.some((room) => room.name === name))
    .flatMap(([room, names]) =>
      names
        .filter((name) => env[name] !== undefined)
        .map(
          (name) =>
            `${name}: expected not to be set, because this service has no ${room} (src/service/variables.ts)`,
        ),
    );
}

/**
 * The package that this file is a part of or, where it has been installed, the one that has installed it. Its name and
 * version are the service's own unless told otherwise.
 */
function ownPackage(): { name: string; version: string } {
  const unknown = { name: 'service', version: '0.0.0' };
  const [own = ''] = fileURLToPath(import.meta.url).split(/[\\/]node_modules[\\/]/, 1);
  for (let folder = own; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const json = readFileSync(join(folder, 'package.json'), 'utf8');
      return { ...unknown, ...(JSON.parse(json) as Partial<typeof unknown>) };
    } catch {
      // It is above, if it is anywhere.
    }
  }
  return unknown;
}
