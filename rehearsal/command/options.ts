import type { LoadPlan, Plan } from '../plan.ts';
import { isFile, readScenario } from '../scenario-file.ts';
import { builtIn, ownSubject } from '../subject/built-service.ts';
import { fromChart, ownDeployed } from '../subject/chart.ts';
import type { Deployed } from '../subject/deployed.ts';
import { fromManifest, readManifest } from '../subject/manifest.ts';
import { otherProgram } from '../subject/other-program.ts';
import { PRESETS } from '../subject/presets.ts';
import { CAUTIOUS_LOAD, USUAL_LOAD } from '../subject/routes.ts';
import type { Subject } from '../subject/subject.ts';
import { checkTogether } from './contradictions.ts';
import { type Flags, parseFlags } from './flags.ts';
import type { FailOn } from './verdicts.ts';
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
  junit: string | undefined;
  markdown: string | undefined;
  failOn: FailOn;
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
  for (const name of ['html', 'svg', 'json', 'junit', 'markdown'] as const) {
    const file = flags[name];
    if (typeof file === 'string' && file !== '-') assertWritable(`--${name}`, file);
  }
  const { base, left } = await basePlan(flags, argv, environment);
  const preset = flags.compare === undefined ? undefined : PRESETS[flags.compare];
  const plans = flags.scenario.map((scenario): Plan => {
    if (!isFile(scenario)) return { ...base, scenario };
    const own = readScenario(scenario);
    return { ...base, scenario: own.name, own };
  });
  const [first] = plans;
  return {
    plans,
    compared: preset === undefined || first === undefined ? undefined : { ...first, ...preset.apply(first) },
    findWindow: flags.findWindow === true,
    html: flags.html,
    svg: flags.svg,
    json: flags.json === true ? '-' : flags.json,
    junit: flags.junit,
    markdown: flags.markdown,
    failOn: flags.failOn,
    left,
  };
}

async function basePlan(
  flags: Flags,
  argv: string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ base: Plan; left: string[] }> {
  const { left = [], deployment, ...subject } = await subjectOf(flags, environment);
  const own = flags.command === undefined && flags.manifest === undefined;
  const preStopMs = flags.preStop ?? subject.pod.preStopMs;
  return {
    left,
    base: {
      arguments: argv,
      scenario: 'rollout',
      program: subject.program,
      pod: {
        ...subject.pod,
        // What the settings add up to has room for a sleep before them.
        graceMs: flags.grace ?? subject.pod.graceMs + (own ? preStopMs - subject.pod.preStopMs : 0),
        preStopMs,
        stopSignal: flags.stopSignal ?? subject.pod.stopSignal,
      },
      deployment: deployment ?? {
        replicas: flags.replicas ?? 3,
        maxSurge: 1,
        maxUnavailable: 0,
        minReadyMs: 0,
      },
      network: {
        endpointLagMs: flags.endpointLag,
        jitter: flags.jitter,
        nodes: flags.front === undefined ? NODES : 1,
        https: flags.https === true,
        ...(flags.front === undefined ? {} : { front: flags.front }),
      },
      load: loadOf(flags, flags.command === undefined ? USUAL_LOAD : CAUTIOUS_LOAD),
      stallMs: flags.stall ?? 0,
      seed: flags.seed,
    },
  };
}

/** Another program, or the service that was built in this folder: by itself, or as its chart would deploy it. */
async function subjectOf(
  { command, values = [], set = [], env = {}, replicas, chart, manifest, ...flags }: Flags,
  environment: NodeJS.ProcessEnv,
): Promise<Subject & Partial<Deployed>> {
  if (command !== undefined) {
    const { portVariable, readyPath, livePath } = flags;
    const manners = {
      ...(portVariable === undefined ? {} : { portVariable }),
      ...(readyPath === undefined ? {} : { readyPath }),
      ...(livePath === undefined ? {} : { livePath }),
      https: flags.https === true,
    };
    return manifest === undefined
      ? otherProgram(command, environment, env, manners)
      : fromManifest(readManifest(manifest), command, environment, env, manners, replicas);
  }
  const main = builtIn('.');
  const wishes = { replicas, https: flags.https === true };
  if (manifest !== undefined) return ownDeployed(readManifest(manifest), main, environment, env, wishes);
  if (chart === undefined && values.length + set.length === 0)
    return ownSubject(main, environment, env, flags.https === true);
  const source = { helm: environment['HELM'] ?? 'helm', chart: chart ?? 'helm', files: values, set };
  return fromChart(source, main, environment, env, wishes);
}

function loadOf(flags: Flags, usual: typeof USUAL_LOAD): LoadPlan {
  return {
    rate: flags.rate,
    clients: flags.clients,
    fresh: flags.fresh,
    slow: flags.slow ?? usual.slow,
    post: flags.post ?? usual.post,
    slowMs: flags.slowTime,
    postBytes: flags.postBytes,
    ...(flags.postBody === undefined ? {} : { postBody: flags.postBody }),
    headers: flags.header ?? {},
    ...(flags.expectStatus === undefined ? {} : { expectStatus: flags.expectStatus }),
    ...(flags.expectBody === undefined ? {} : { expectBody: flags.expectBody }),
    ...(flags.idHeader === undefined ? {} : { idHeader: flags.idHeader }),
    routes: {
      get: flags.path,
      slow: flags.slowPath,
      post: flags.postPath,
      stream: flags.streamPath,
      webSocket: flags.websocketPath,
    },
    streams: flags.streams ?? usual.streams,
    webSockets: flags.websockets,
    timeoutMs: flags.timeout,
    steadyMs: flags.steady,
    tailMs: flags.tail,
  };
}
