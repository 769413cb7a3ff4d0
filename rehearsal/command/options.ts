import { fromChart } from '../subject/chart.ts';
import { RehearsalError } from '../errors.ts';
import { type Flags, parseFlags } from './flags.ts';
import type { Plan } from '../plan.ts';
import { PRESETS } from '../subject/presets.ts';
import { builtService, otherProgram } from '../subject/programs.ts';
import { SCENARIOS } from '../scenarios.ts';
import { assertWritable } from './writable.ts';

/** What was asked for on the command line. */
export interface Wanted {
  plans: Plan[];
  /** Of the same load, to compare with. */
  compared: Plan | undefined;
  findWindow: boolean;
  html: string | undefined;
  svg: string | undefined;
  /** A file, or `-` for the standard output. */
  json: string | undefined;
  /** What of the chart is left out, a sentence each. */
  left: string[];
}

/** One kube-proxy each. */
const NODES = 3;

/**
 * Reads the command line.
 *
 * @param argv what follows the name of the program
 * @throws RehearsalError `REHEARSAL_USAGE`, with what was expected; CommanderError after `--help`
 */
export async function readOptions(argv: string[], environment: NodeJS.ProcessEnv): Promise<Wanted> {
  const flags = parseFlags(argv);
  checkTogether(flags);
  for (const name of ['html', 'svg', 'json'] as const) {
    const file = flags[name];
    if (typeof file === 'string' && file !== '-') assertWritable(`--${name}`, file);
  }
  const { base, left } = await basePlan(flags, environment);
  const preset = flags.compare === undefined ? undefined : PRESETS[flags.compare];
  return {
    plans: flags.scenario.map((scenario) => ({ ...base, scenario })),
    compared:
      preset === undefined
        ? undefined
        : { ...base, ...preset.apply(base), scenario: flags.scenario[0] ?? 'rollout' },
    findWindow: flags.findWindow === true,
    html: flags.html,
    svg: flags.svg,
    json: flags.json === true ? '-' : flags.json,
    left,
  };
}

async function basePlan(
  flags: Flags,
  environment: NodeJS.ProcessEnv,
): Promise<{ base: Plan; left: string[] }> {
  const { values, set = [], env = {}, command, portVariable, readyPath, livePath, replicas } = flags;
  const usual = {
    deployment: { replicas: replicas ?? 3, maxSurge: 1, maxUnavailable: 0, minReadyMs: 0 },
    left: [],
  };
  const wanted = {
    ...(portVariable === undefined ? {} : { portVariable }),
    ...(readyPath === undefined ? {} : { readyPath }),
    ...(livePath === undefined ? {} : { livePath }),
  };
  const subject =
    command !== undefined
      ? { ...usual, ...otherProgram(command, environment, env, wanted) }
      : values !== undefined || set.length > 0
        ? await fromChart(values ?? [], set, environment, env, replicas)
        : { ...usual, ...builtService(environment, env) };
  // Of another program, only its landing page is known.
  const own = command === undefined;
  const preStopMs = flags.preStop ?? subject.pod.preStopMs;
  return {
    left: subject.left,
    base: {
      scenario: 'rollout',
      program: subject.program,
      pod: {
        ...subject.pod,
        // What the settings add up to has room for a sleep before them.
        graceMs: flags.grace ?? subject.pod.graceMs + (own ? preStopMs - subject.pod.preStopMs : 0),
        preStopMs,
      },
      deployment: subject.deployment,
      network: { endpointLagMs: flags.endpointLag, jitter: flags.jitter, nodes: NODES },
      load: {
        rate: flags.rate,
        clients: flags.clients,
        fresh: flags.fresh,
        slow: flags.slow ?? (own ? 0.02 : 0),
        post: flags.post ?? (own ? 0.1 : 0),
        slowMs: flags.slowTime,
        postBytes: flags.postBytes,
        paths: {
          get: flags.path,
          slow: flags.slowPath,
          post: flags.postPath,
          stream: flags.streamPath,
          webSocket: flags.websocketPath,
        },
        streams: flags.streams ?? (own ? 6 : 0),
        webSockets: flags.websockets,
        timeoutMs: flags.timeout,
        steadyMs: flags.steady,
        tailMs: flags.tail,
      },
      stallMs: flags.stall ?? 0,
      seed: flags.seed,
    },
  };
}

function checkTogether(flags: Flags): void {
  const { command, values, set = [], compare, scenario, html, svg, findWindow, slow, post } = flags;
  const fail = (message: string) => {
    throw new RehearsalError('REHEARSAL_USAGE', message);
  };
  const draws = html !== undefined || svg !== undefined;
  if (command !== undefined && (values !== undefined || set.length > 0)) {
    fail(
      '--command rehearses another program, --values and --set the chart of this one: expected one of them',
    );
  }
  if (command === undefined) {
    for (const name of ['portVariable', 'readyPath', 'livePath'] as const) {
      const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      if (flags[name] !== undefined) fail(`${flag} is about another program: expected --command with it`);
    }
  }
  if (command !== undefined && findWindow)
    fail('--find-window sets SHUTDOWN_WINDOW, which --command does not know');
  if (command !== undefined && compare === 'window-0')
    fail('--compare window-0 sets SHUTDOWN_WINDOW, which --command does not know');
  if (findWindow && compare !== undefined) fail('--find-window compares by itself: expected no --compare');
  if (findWindow && draws) fail('--find-window draws nothing: expected neither --html nor --svg');
  if (scenario.length > 1 && (draws || compare !== undefined || findWindow)) {
    fail('--html, --svg, --compare and --find-window are about one scenario');
  }
  const [first = 'rollout'] = scenario;
  if (findWindow && SCENARIOS[first].unavoidable !== undefined)
    fail(`--find-window: ${first} loses something with any window, ${SCENARIOS[first].unavoidable}`);
  if ((slow ?? 0) + (post ?? 0) > 1)
    fail(`--slow ${slow} and --post ${post} are more than all requests together`);
}
