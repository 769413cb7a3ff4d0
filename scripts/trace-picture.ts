// Draws docs/tracing.svg anew, of a shutdown that it traces: npx tsx scripts/trace-picture.ts
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXPORT, type SentSpan, spansOf } from '../test/support/otlp.ts';

/** Who says that he scrapes is waited for. */
const SCRAPER = { 'X-Prometheus-Scrape-Timeout-Seconds': '10' };
const PICTURE = 'docs/tracing.svg';
const [WIDTH, ROW, LEFT, RIGHT, TOP] = [860, 24, 190, 70, 56];
const STYLE = `
:root { --surface: #ffffff; --text: #1c2430; --muted: #667085; --line: #e4e8ee; --phase: #7465b5; --part: #3b82c4; --request: #2a9d7f; }
@media (prefers-color-scheme: dark) { :root { --surface: #12171f; --text: #e6eaf0; --muted: #97a3b4; --line: #2a323e; } }
text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', Roboto, Arial, sans-serif; fill: var(--muted); }
.title { font-size: 14px; font-weight: 600; fill: var(--text); } .name { fill: var(--text); }
.surface { fill: var(--surface); } .grid { stroke: var(--line); }
.phase { fill: var(--phase); } .part { fill: var(--part); } .request { fill: var(--request); }
`;

/** One life, that ends with a request in flight, hooks and a last scrape; its spans. */
async function traced(): Promise<SentSpan[]> {
  const spans: SentSpan[] = [];
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    const parts = (await req.toArray()) as Buffer[];
    spans.push(...spansOf(EXPORT.requestDeserialize(Buffer.concat(parts))));
    res.end();
  };
  const collector = createServer((req, res) => void take(req, res));
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const service = spawn(process.execPath, ['test/process/fixture.mjs'], {
    env: {
      PATH: process.env['PATH'],
      FIXTURE: 'good,slow-stop',
      PORT: '0',
      MANAGEMENT_PORT: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      SHUTDOWN_WINDOW: '3s',
      SHUTDOWN_QUIET_PERIOD: '0',
      SHUTDOWN_SCRAPE_WAIT: '1500ms',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ports: Record<string, number> = {};
  for await (const line of createInterface({ input: service.stdout })) {
    const { event, listener, port } = JSON.parse(line) as { event: string; listener: string; port: number };
    if (event !== 'listening') continue;
    ports[listener] = port;
    if (listener === 'http') break;
  }
  service.stdout.resume();
  const ask = async (listener: string, path: string) =>
    (await fetch(`http://127.0.0.1:${ports[listener]}${path}`, { headers: SCRAPER })).text();
  await ask('management', '/metrics');
  const slow = ask('http', '/slow?ms=4500');
  await sleep(300);
  service.kill('SIGTERM');
  await sleep(1200);
  await ask('http', '/slow?ms=700');
  await slow;
  await once(service, 'exit');
  collector.close();
  return spans;
}

/** Below each span those that it is the parent of, the earliest first. */
function inOrder(spans: SentSpan[], parentId: string, depth = 0): { span: SentSpan; depth: number }[] {
  return spans
    .filter((span) => span.parentId === parentId)
    .sort((a, b) => a.start - b.start)
    .flatMap((span) => [{ span, depth }, ...inOrder(spans, span.id, depth + 1)]);
}

function draw(spans: SentSpan[]): string {
  const requests = spans.filter(({ kind }) => kind === 'SERVER').map((span) => ({ span, depth: 0 }));
  const rows = [
    ...inOrder(
      spans.filter(({ kind }) => kind !== 'SERVER'),
      '',
    ),
    ...requests,
  ];
  const from = Math.min(...rows.map(({ span }) => span.start));
  const to = Math.max(...rows.map(({ span }) => span.end));
  const x = (at: number) => Math.round(LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - RIGHT));
  const height = TOP + rows.length * ROW + 36;
  const grid = Array.from({ length: Math.floor((to - from) / 1000) + 1 }, (_, s) => {
    const at = x(from + s * 1000);
    return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 30}"/><text x="${at}" y="${height - 12}" text-anchor="middle">${s} s</text>`;
  });
  const bars = rows.map(({ span, depth }, nth) => {
    const y = TOP + nth * ROW;
    const kind = span.kind === 'SERVER' ? 'request' : depth < 2 ? 'phase' : 'part';
    const width = Math.max(2, x(span.end) - x(span.start));
    const ms = Math.round(span.end - span.start);
    return `<text class="name" x="${16 + 14 * depth}" y="${y + 12}">${span.name}</text><rect class="${kind}" x="${x(span.start)}" y="${y}" width="${width}" height="15" rx="2"/><text x="${x(span.end) + 6}" y="${y + 12}">${ms} ms</text>`;
  });
  const title = 'A shutdown, as a trace, and the requests that ended in it';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<style>${STYLE}</style>
<rect class="surface" width="${WIDTH}" height="${height}"/>
<text class="title" x="16" y="24">${title}</text>
${[...grid, ...bars].join('\n')}
</svg>
`;
}

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
writeFileSync(PICTURE, draw(await traced()));
