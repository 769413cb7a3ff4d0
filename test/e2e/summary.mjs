// The result of one scenario of rollout.sh: `node summary.mjs FOLDER SCENARIO` reads what was recorded there, writes
// SCENARIO.json and says it in a few lines. Exit code 1 if the load's verdict is not the one that was wanted, or if a
// pod left otherwise than with exit code 0 although nothing was to be lost.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', scenario = ''] = process.argv.slice(2);
const load = verdict(readFileSync(join(folder, `${scenario}.load.log`), 'utf8'));
const pods = departures(readFileSync(join(folder, `${scenario}.pods`), 'utf8')).map(withItsLog);
const planted = load.verdict === 'lost' && load.passed;
const unclean = pods.filter(({ exitCode }) => exitCode !== undefined && exitCode !== 0);
const passed = load.passed && (planted || (pods.length > 0 && unclean.length === 0));

writeFileSync(
  join(folder, `${scenario}.json`),
  `${JSON.stringify({ scenario, passed, load, pods }, undefined, 2)}\n`,
);
const { sent = 0, lost = 0, byCause, latencyMs } = load;
const causes = lost === 0 ? '' : ` ${JSON.stringify(byCause)}`;
process.stdout.write(`${scenario}: ${passed ? 'passed' : 'FAILED'}, ${load.verdict}\n`);
process.stdout.write(
  `  ${sent} requests, ${lost} lost${causes}, latency in ms ${JSON.stringify(latencyMs)}\n`,
);
if (!planted) for (const loss of load.firstLosses ?? []) process.stdout.write(`  ${JSON.stringify(loss)}\n`);
for (const { pod, exitCode, report } of pods) {
  const how = exitCode === undefined ? 'its end was not seen' : `exit code ${exitCode}`;
  process.stdout.write(`  ${pod} left: ${how}, ${report?.outcome ?? 'no report'}\n`);
}
if (pods.length === 0) process.stdout.write('  no pod has left\n');
process.exitCode = passed ? 0 : 1;

/** The load generator's last word; a log without one is a load that did not run to its end. */
function verdict(log) {
  const line = log.split('\n').findLast((text) => text.startsWith('{'));
  return line === undefined ? { verdict: 'the load has no verdict', passed: false } : JSON.parse(line);
}

/** Pods that were deleted while `kubectl get --watch --output json` wrote this, each with the last that was seen. */
function departures(watched) {
  const latest = new Map();
  for (const text of watched.split(/^(?=\{)/m)) {
    const pod = parsed(text);
    if (pod?.metadata?.deletionTimestamp === undefined) continue;
    const { name } = pod.metadata;
    const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
    const known = latest.get(name);
    latest.set(name, {
      pod: name,
      exitCode: ended?.exitCode ?? known?.exitCode,
      report: parsed(ended?.message) ?? known?.report,
    });
  }
  return [...latest.values()];
}

/** Old kubelets may forget how a container ended before they say so; the last line of its log has the same report. */
function withItsLog(pod) {
  const file = join(folder, `${scenario}.${pod.pod}.log`);
  if (pod.report !== undefined || !existsSync(file)) return pod;
  const reports = readFileSync(file, 'utf8').split('\n').map(parsed);
  const report = reports.findLast((line) => line?.event === 'shutdown');
  return { ...pod, exitCode: pod.exitCode ?? report?.exitCode, report };
}

/** Undefined for what is no whole JSON: the watch is cut off at any point. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
