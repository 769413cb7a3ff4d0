// One soak, from the start of the service to its verdict.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPaths } from '../../scripts/paths.ts';
import type { Report } from '../../src/lastcall/lifecycle/report.ts';
import { rooms } from '../../src/service/variables.ts';
import type { LogLine } from '../harness/log-lines.ts';
import { make, mount, tlsVariables } from '../support/certificates.ts';
import { PROXIED, type Surroundings } from './ask.ts';
import { everyKind } from './clients.ts';
import { Ledger } from './ledger.ts';
import { grows, type Slope, slopeOf } from './slope.ts';
import { type SoakedProcess, startSoaked, type Vitals } from './soaked.ts';
import { startTarget } from './target.ts';

export interface SoakOptions {
  /** Under load, from the first request to the signal. */
  seconds: number;
  /** Modules that are loaded before the service. */
  preloads?: string[];
  say: (text: string) => void;
}

export interface Soak {
  slopes: Record<keyof Vitals, Slope>;
  /** What was found wrong, a sentence each; empty: nothing. */
  findings: string[];
  /** Answers and what else has ended, by kind of client. */
  kinds: Record<string, number>;
}

/**
 * By how much a line through the samples may rise, from the first to the last: less is what any process does that
 * compiles its code while it runs.
 */
const ALLOWED: Record<keyof Vitals, number> = {
  heapBytes: 2 * 2 ** 20,
  rssBytes: 20 * 2 ** 20,
  descriptors: 10,
  timers: 10,
  listeners: 1,
};
/** Of the time, for a service to become warm; nothing is measured in it. */
const WARM_UP = 0.25;
const SAMPLES = 60;
const RENEWALS = 10;
/** For clients to end what they should not end in the middle of the shutdown, and to leave once it has begun. */
const MOMENT_MS = 1000;

export async function soak({ seconds, preloads = [], say }: SoakOptions): Promise<Soak> {
  const has = (room: string) => rooms.some(({ name }) => name === room);
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const secret = mount(folder, await make());
  const target = await startTarget();
  const service = startSoaked(
    'dist/main.js',
    {
      ...(has('tls') && tlsVariables(secret)),
      ...(has('gateway') && { GATEWAY_TARGETS: `${PROXIED}=${target.url}` }),
    },
    preloads,
  );
  const [leaving, stop] = [new AbortController(), new AbortController()];
  try {
    const surroundings: Surroundings = {
      urls: {
        http: await service.url('http'),
        management: await service.url('management'),
        ...(has('tls') && { https: await service.url('https') }),
      },
      paths: readPaths(),
      ledger: new Ledger(),
      leaving: leaving.signal,
    };
    const kinds = everyKind({ tls: has('tls'), gateway: has('gateway') });
    const clients = kinds.flatMap(({ clients: count, client }) =>
      Array.from({ length: count }, async () => {
        const visit = client(surroundings);
        while (!stop.signal.aborted) await visit();
      }),
    );
    const everybody = Promise.all(clients);
    everybody.catch(() => undefined); // whoever waits for it is told
    const renewing = has('tls') ? renew(secret, (seconds * 1000) / RENEWALS, leaving.signal) : undefined;

    await sleep(seconds * 1000 * WARM_UP);
    const samples = await observe(service, seconds * (1 - WARM_UP), say);

    leaving.abort();
    await renewing;
    await sleep(MOMENT_MS);
    const ended = service.terminate();
    await sleep(MOMENT_MS);
    stop.abort();
    await everybody;
    const { code, report } = await ended;

    const { ledger } = surroundings;
    const slopes = slopesOf(samples);
    return {
      slopes,
      kinds: ledger.kinds,
      findings: [
        ...growing(slopes),
        ...[...ledger.unexplained].map(([what, { times, first }]) => `${what} (${times} times) ${first}`),
        ...complaintsOf(service.complaints),
        ...(code === 0 ? [] : [`it ended with exit code ${String(code)}`]),
        ...imbalances(report, ledger),
        ...(ledger.proxied === target.requests()
          ? []
          : [
              `the target has had ${target.requests()} requests, the clients ${ledger.proxied} answers of it`,
            ]),
      ],
    };
  } finally {
    leaving.abort();
    stop.abort();
    service.kill();
    target.close();
    rmSync(folder, { recursive: true });
  }
}

/** Replaces the certificate again and again, as a renewal does. */
async function renew(secret: ReturnType<typeof mount>, everyMs: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
    secret.swap(await make());
  }
}

type Sampled = Vitals & { seconds: number };

async function observe(service: SoakedProcess, seconds: number, say: SoakOptions['say']): Promise<Sampled[]> {
  const samples: Sampled[] = [];
  const startedAt = performance.now();
  for (let i = 1; i <= SAMPLES; i++) {
    await sleep(Math.max(0, startedAt + (i * seconds * 1000) / SAMPLES - performance.now()));
    const vitals = await service.vitals();
    samples.push({ ...vitals, seconds: (performance.now() - startedAt) / 1000 });
    const { heapBytes, rssBytes, descriptors, timers, listeners } = vitals;
    say(
      `${i}/${SAMPLES}: heap ${mb(heapBytes)}, RSS ${mb(rssBytes)}, ${descriptors} descriptors, ` +
        `${timers} timers, ${listeners} listeners`,
    );
  }
  return samples;
}

const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const VITALS = Object.keys(ALLOWED) as (keyof Vitals)[];

function slopesOf(samples: Sampled[]): Soak['slopes'] {
  const slope = (name: keyof Vitals) =>
    slopeOf(samples.map(({ seconds, [name]: value }) => ({ seconds, value })));
  return Object.fromEntries(VITALS.map((name) => [name, slope(name)])) as Soak['slopes'];
}

function growing(slopes: Soak['slopes']): string[] {
  return VITALS.filter((name) => grows(slopes[name], ALLOWED[name])).map((name) => {
    const { low, seconds } = slopes[name];
    return `${name} has grown by ${Math.round(low * seconds)} or more in ${Math.round(seconds)} s, allowed are ${ALLOWED[name]}`;
  });
}

/** What was logged as a warning or worse, once for each text. */
function complaintsOf(lines: LogLine[]): string[] {
  const counts = new Map<string, number>();
  for (const { msg } of lines) counts.set(msg, (counts.get(msg) ?? 0) + 1);
  return [...counts].map(([msg, times]) => `it logged "${msg}" (${times} times)`);
}

/** Where the report and the clients have counted differently. @param names the ledger's name for a listener */
function imbalances(report: Report | undefined, { counted }: Ledger): string[] {
  if (report === undefined) return ['it ended without a report'];
  return report.listeners.flatMap(({ name, conserved, requests, connections }) => {
    const seen = counted[name] ?? { answered: 0, aborted: 0, upgraded: 0 };
    const { accepted, answered, aborted, cut, broken, inFlight } = requests.lifetime;
    const said = { answered, aborted, upgraded: connections.lifetime.upgraded };
    const differing = (Object.keys(said) as (keyof typeof said)[])
      .filter((outcome) => said[outcome] !== seen[outcome])
      .map((outcome) => `${name}: the report has ${said[outcome]} ${outcome}, the clients ${seen[outcome]}`);
    return [
      ...differing,
      ...(conserved ? [] : [`${name}: the report does not balance`]),
      ...(cut + broken + inFlight === 0
        ? []
        : [`${name}: of ${accepted}, ${cut} cut, ${broken} broken, ${inFlight} in flight`]),
    ];
  });
}
