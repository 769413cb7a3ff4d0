// docs/debugging.md, command by command. Jaeger and kubectl are played, by what the service has exported and left.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, jest } from '@jest/globals';
import { get } from '../harness/http.ts';
import { own } from '../harness/own.ts';
import { startService } from '../harness/service.ts';
import { otlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.ts';
import { testWith } from '../support/programs.ts';
import { startPrometheus, TARGET } from '../support/prometheus.ts';
import { renderedRules } from '../support/rules.ts';

jest.setTimeout(90_000);

const PAGE = readFileSync('docs/debugging.md', 'utf8');
/** Each command of the page with what it is to say. */
const STEPS = [...PAGE.matchAll(/^```sh\n([^]*?)^```\n\n```text\n([^]*?)^```$/gm)].map(
  ([, command = '', said = '']) => ({ command, said }),
);

const testWherePossible = testWith('prometheus', 'curl', 'jq');

testWherePossible('every command of docs/debugging.md says what stands below it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'debugging-'));
  own(() => rmSync(folder, { recursive: true }));
  const collector = await otlpReceiver();
  const message = join(folder, 'message');
  writeFileSync(message, '');
  const service = startService(
    {
      POD_NAME: TARGET.pod,
      TERMINATION_LOG: message,
      SHUTDOWN_DRAIN_TIMEOUT: '1s',
      SHUTDOWN_SCRAPE_WAIT: '30s',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
    { entry: 'test/prometheus/planted.mjs' },
  );
  const prometheus = await startPrometheus(new URL(await service.management).host, await renderedRules());
  own(async () => prometheus.stop());
  await prometheus.until('shutdown_requests_total{outcome="cut"} == 0');

  await expect(get(`${await service.url}/prices/B-2`)).rejects.toThrow('socket hang up');
  const { code, stdout } = await service.ended;
  await prometheus.until('ALERTS{alertname="ShutdownCutRequests",alertstate="firing"}');

  kubectl(folder, stdout, described(code, readFileSync(message, 'utf8')));
  const environment = {
    PATH: `${folder}:${process.env['PATH']}`,
    PROMETHEUS: prometheus.url,
    JAEGER: await jaeger(collector),
  };
  expect(STEPS.length).toBeGreaterThan(4);
  const said = await run(
    STEPS.map(({ command }) => command),
    environment,
  );
  expect(said.map(withoutChance)).toEqual(STEPS.map((step) => withoutChance(step.said)));
});

/** One after the other in the same shell, with what each has said. */
async function run(commands: string[], env: Record<string, string>): Promise<string[]> {
  const END = '---- end of a command';
  const script = commands.map((command) => `${command}\necho '${END}'`).join('\n');
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    env,
  });
  expect(stderr).toBe('');
  return stdout.split(`${END}\n`).slice(0, -1);
}

/** Without what differs from run to run: names, ids, numbers, and where the repository is. */
function withoutChance(text: string): string {
  return text
    .replaceAll(TARGET.job, 'orders')
    .replaceAll(TARGET.pod, 'orders-1')
    .replaceAll(/[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/file:\/\/\S*\/(?=test\/)/g, '')
    .replaceAll(/\d[\d.:TZ-]*/g, 'N')
    .trim();
}

/** Says what Jaeger's API says of a trace: what has come of it, as OTLP. */
async function jaeger({ spans }: OtlpReceiver): Promise<string> {
  const server = createServer(({ url = '' }, res) => {
    const wanted = spans.filter(({ traceId }) => url === `/api/v3/traces/${traceId}`);
    const asOtlp = wanted.map(({ name, message }) => ({ name, status: { message } }));
    res.end(JSON.stringify({ result: { resourceSpans: [{ scopeSpans: [{ spans: asOtlp }] }] } }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  own(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A kubectl that knows this pod, and what the page asks of it. */
function kubectl(folder: string, log: string, description: string): void {
  writeFileSync(join(folder, 'log'), log);
  writeFileSync(join(folder, 'description'), description);
  const script = `#!/bin/sh
case "$*" in
  'logs --previous ${TARGET.pod}') cat '${folder}/log' ;;
  'describe pod ${TARGET.pod}') cat '${folder}/description' ;;
  *) echo "unknown: $*" >&2; exit 64 ;;
esac
`;
  writeFileSync(join(folder, 'kubectl'), script, { mode: 0o755 });
}

/** As kubectl describes a container that was started again. */
function described(exitCode: number | null, message: string): string {
  return `    State:          Running
    Last State:     Terminated
      Reason:       Error
      Message:      ${message}
      Exit Code:    ${exitCode}
    Ready:          True
    Restart Count:  1
`;
}
