import { Command, CommanderError, Option } from 'commander';
import type { FrontName } from '../cluster/front/kinds.ts';
import { RehearsalError } from '../errors.ts';
import { SCENARIO_NAMES } from '../plan.ts';
import { SCENARIOS } from '../scenarios.ts';
import { PRESETS } from '../subject/presets.ts';
import { ROUTES } from '../subject/routes.ts';
import {
  between,
  collect,
  commandLine,
  duration,
  failOn,
  frontName,
  header,
  headerName,
  path,
  portion,
  presetName,
  scenarioList,
  signalName,
  someTime,
  variable,
  variableName,
} from './flag-values.ts';
import type { FailOn } from './verdicts.ts';

/** The command as whoever has called it knows it. */
export const NAME =
  process.env['npm_lifecycle_event'] === 'rehearse' ? 'npm run rehearse --' : 'lastcall-rehearse';

/** The command line as it was given, each text read; durations in milliseconds, shares from 0 to 1. */
export interface Flags {
  scenario: string[];
  replicas?: number;
  values?: string[];
  set?: string[];
  chart?: string;
  manifest?: string;
  env?: Record<string, string>;
  command?: string;
  portVariable?: string;
  readyPath?: string;
  livePath?: string;
  grace?: number;
  preStop?: number;
  stopSignal?: NodeJS.Signals;
  stall?: number;
  endpointLag: number;
  front?: FrontName;
  jitter: number;
  rate: number;
  clients: number;
  fresh: number;
  slow?: number;
  slowTime: number;
  post?: number;
  postBytes: number;
  postBody?: string;
  streams?: number;
  websockets: number;
  path: string;
  slowPath: string;
  postPath: string;
  streamPath: string;
  websocketPath: string;
  https?: true;
  header?: Record<string, string>;
  expectStatus?: number;
  expectBody?: string;
  idHeader?: string;
  timeout: number;
  steady: number;
  tail: number;
  seed: number;
  compare?: string;
  findWindow?: true;
  html?: string;
  svg?: string;
  json?: string | true;
  junit?: string;
  markdown?: string;
  failOn: FailOn;
}

/** @throws RehearsalError `REHEARSAL_USAGE`, with what was expected; CommanderError after `--help` */
export function parseFlags(argv: string[]): Flags {
  const command = program();
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0) {
      throw new RehearsalError('REHEARSAL_USAGE', error.message.replace(/^error: /, ''));
    }
    throw error;
  }
  return command.opts<Flags>();
}

function program(): Command {
  const scenarios = SCENARIO_NAMES.map((name) => `  ${name.padEnd(15)} ${SCENARIOS[name].description}`).join(
    '\n',
  );
  const presets = Object.entries(PRESETS)
    .map(([name, { description }]) => `  ${name.padEnd(15)} ${description}`)
    .join('\n');
  const command = new Command(NAME)
    .description(
      'Replaces real processes of the service under load, as a cluster does, and says which requests it loses and why.',
    )
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .helpOption('-h, --help', 'this text')
    .allowExcessArguments(false)
    .addHelpText('after', `\nScenarios:\n${scenarios}\n\nPresets to compare with:\n${presets}\n`)
    .addHelpText(
      'after',
      'Exit code: 0 nothing was lost, 1 something was (--fail-on), 2 it could not be run, or is inconclusive.\n',
    );
  for (const [group, options] of Object.entries(OPTIONS)) {
    command.optionsGroup(`${group}:`);
    for (const [flags, description, parse, text] of options) {
      const option = new Option(flags, description);
      if (parse !== undefined) option.argParser(parse as (value: string, previous: unknown) => unknown);
      // Read like any other, and shown as one would write it.
      if (text !== undefined)
        option.default(parse === undefined ? text : parse(text, undefined as never), text);
      command.addOption(option);
    }
  }
  return command;
}

/** Clients of a kind: each has a connection or two, and a machine has some 28,000 ports for those to an endpoint. */
const MANY = 10_000;

type Parser = (text: string, before: never) => unknown;

/** Flags, what they are for, how their text is read, and the default as one would write it. */
const OPTIONS: Record<
  string,
  [flags: string, description: string, parse?: Parser | undefined, text?: string][]
> = {
  'What happens': [
    ['--scenario <names>', 'or .yaml files with steps, separated by commas, or all', scenarioList, 'rollout'],
    ['--endpoint-lag <time>', 'from a deletion until the balancers have heard of it', duration, '1s'],
    ['--jitter <share>', 'by which the lag varies', portion, '20%'],
    ['--front <proxy>', 'nginx or haproxy of Debian, between clients and replicas', frontName],
    ['--replicas <n>', 'how many (3, or what the chart says)', between(1, 100)],
    ['--grace <time>', "the pod's grace period (what the settings add up to; 30s for --command)", duration],
    ['--pre-stop <time>', 'sleep before SIGTERM (0, or what the chart says)', duration],
    ['--stop-signal <name>', 'that asks a replica to leave (SIGTERM, or what the pod says)', signalName],
    [
      '--stall <time>',
      'for which replicas that leave get no CPU, again and again (0; 2s for starved)',
      duration,
    ],
  ],
  'What is rehearsed': [
    ['--values <file>', 'what Helm would deploy with these values; may be repeated', collect],
    ['--set <key=value>', 'as of helm; may be repeated', collect],
    ['--chart <folder>', 'that Helm would deploy (helm)'],
    ['--manifest <file>', 'rendered manifests with its Deployment, instead of a chart'],
    ['--env <NAME=value>', 'a variable of the service; may be repeated', variable],
    ['--command <line>', 'any other program that takes its port from the environment', commandLine],
    ['--port-variable <name>', 'the one it takes it from (PORT, or what the manifest says)', variableName],
    ['--ready-path <path>', 'of its readiness probe; without one, it has to accept connections', path],
    ['--live-path <path>', 'of its liveness probe; without one, there is none', path],
  ],
  'The load': [
    ['--rate <n>', 'requests per second', between(1, 100_000), '500'],
    ['--clients <n>', 'keep-alive clients', between(1, MANY), '200'],
    ['--fresh <share>', 'of requests on a new connection', portion, '20%'],
    ['--slow <share>', 'of slow requests (2%; 0 with --command)', portion],
    ['--slow-time <time>', 'that a slow request takes', duration, '2s'],
    ['--post <share>', 'of requests with a body (10%; 0 with --command)', portion],
    ['--post-bytes <n>', 'in such a body', between(0, 10_000_000), '1024'],
    ['--post-body <json>', 'instead of one of that length'],
    ['--streams <n>', 'clients of the event stream (6; 0 with --command)', between(0, MANY)],
    ['--websockets <n>', 'WebSocket clients', between(0, MANY), '0'],
    ['--path <path>', 'of a request', path, ROUTES.get],
    ['--slow-path <path>', '%ms stands for the milliseconds', path, ROUTES.slow],
    ['--post-path <path>', 'that takes JSON', path, ROUTES.post],
    ['--stream-path <path>', 'of the event stream', path, ROUTES.stream],
    ['--websocket-path <path>', 'of the WebSockets', path, ROUTES.webSocket],
    ['--https', 'over TLS, whatever certificate there is'],
    ['--header <line>', "'Name: value', of every request; may be repeated", header],
    ['--expect-status <code>', 'of the right answer to --path (any below 400)', between(100, 599)],
    ['--expect-body <text>', 'that is in every right answer to --path'],
    [
      '--id-header <name>',
      'that names each request, and has to come back (X-Request-Id, which may)',
      headerName,
    ],
    ['--timeout <time>', 'after which a client gives up', someTime, '10s'],
    ['--steady <time>', 'before anything changes', duration, '5s'],
    ['--tail <time>', 'after everything has changed', duration, '2s'],
    ['--seed <n>', 'the same seed is the same load', between(0, 2 ** 31 - 2), '1'],
  ],
  'What comes of it': [
    ['--html <file>', 'a page with the timeline'],
    ['--svg <file>', 'the timeline alone, for a README or a pull request'],
    ['--json [file]', 'the result; without a file, on the standard output'],
    ['--junit <file>', 'a test case for each scenario, as CI systems read it'],
    ['--markdown <file>', 'the summary, for a pull request or the summary of a job'],
    ['--fail-on <what>', 'loss, or unexpected: not on what no setting would have kept', failOn, 'loss'],
    ['--compare <preset>', 'the same load for something else, side by side', presetName],
    ['--find-window', 'search the smallest window that loses nothing'],
  ],
};
