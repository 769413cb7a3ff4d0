import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { get } from '../harness/http.ts';
import { CHART_NAME } from './names.ts';
import { freePort } from './ports.ts';

/** Of every series in the tests, as the monitors of the chart would set them: release `rel` in namespace `shop`. */
export const TARGET = { namespace: 'shop', job: `rel-${CHART_NAME}`, pod: 'rel-1' };

export interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Runs promtool in a folder that has these files; all that it says is in `said`. */
export function promtool(
  args: string[],
  { files = {}, input = '' }: { files?: Record<string, string>; input?: string } = {},
): { code: number | null; said: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd, input, encoding: 'utf8' });
    return { code: status, said: stdout + stderr };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

export interface Sample {
  metric: Record<string, string>;
  value: [seconds: number, value: string];
}

export interface PrometheusServer {
  url: string;
  /** The result of an instant query, now. Rejects with Prometheus' own words if it can't be understood. */
  query: (expr: string) => Promise<Sample[]>;
  /** The data of another endpoint of the HTTP API. */
  api: (path: string) => Promise<unknown>;
  /** Queries again and again until there is a result that satisfies: scrapes and rules take their time. */
  until: (expr: string, satisfies?: (samples: Sample[]) => boolean) => Promise<Sample[]>;
  stop: () => Promise<void>;
}

/** Starts a real Prometheus that scrapes `target` (host:port) and evaluates `rules` every second. */
export async function startPrometheus(target: string, rules: RuleFile): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const { job, ...labels } = TARGET;
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: job, static_configs: [{ targets: [target], labels }] }],
  };
  writeFileSync(join(folder, 'prometheus.yaml'), stringify(config));
  writeFileSync(join(folder, 'rules.yaml'), stringify(rules));
  const port = await freePort(); // it does not tell which one it got, so it can't be asked for 0
  const args = [
    '--config.file=prometheus.yaml',
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.path=data',
    '--enable-feature=exemplar-storage',
  ];
  const child = spawn('prometheus', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  while (!(await isReady(url))) {
    if (child.exitCode !== null) {
      await stop();
      throw new Error(`prometheus has ended:\n${said}`);
    }
    await sleep(50);
  }

  const api = async (path: string) => {
    const answer = await get(`${url}/api/v1/${path}`);
    const { status, data, error } = answer.json();
    if (status !== 'success') throw new Error(`${path}: ${String(error)}`);
    return data;
  };
  const query = async (expr: string) => {
    const data = await api(`query?query=${encodeURIComponent(expr)}`);
    return (data as { result: Sample[] }).result;
  };
  const until: PrometheusServer['until'] = async (expr, satisfies = (samples) => samples.length > 0) => {
    for (;;) {
      const samples = await query(expr);
      if (satisfies(samples)) return samples;
      await sleep(100);
    }
  };
  return { url, api, query, until, stop };
}

async function isReady(url: string): Promise<boolean> {
  return get(`${url}/-/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}
