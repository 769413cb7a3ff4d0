// The gateway against a direct request and against nginx as a proxy (if it is on PATH), in one run and in turns:
// `npm run bench:gateway`. One core serves the proxy, the other the target and the clients.
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 8;
const ROUND_MS = 2000;
const CONNECTIONS = 32;
const BODY = 'x'.repeat(1024);

if (process.argv[2] === 'target') {
  const server = createServer((_req, res) => res.end(BODY));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
} else {
  await main();
}

async function main() {
  const target = fork(fileURLToPath(import.meta.url), ['target']);
  const [targetPort] = await once(target, 'message');
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const gateway = await startGateway(targetPort);
  const nginx = await startNginx(targetPort, folder);
  const ports = { direct: targetPort, gateway: gateway.port, ...(nginx && { nginx: nginx.port }) };

  const results = Object.fromEntries(Object.keys(ports).map((name) => [name, []]));
  for (const port of Object.values(ports)) await load(port); // warm up
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, port] of Object.entries(ports)) results[name].push(await load(port));
  }
  for (const [name, rounds] of Object.entries(results)) {
    const rps = median(rounds.map(({ rps }) => rps));
    const ratio = median(rounds.map((round, i) => round.rps / results.direct[i].rps));
    const p99 = median(rounds.map(({ p99 }) => p99));
    console.log(
      `${name}: ${rps.toFixed(0)} requests/s (${ratio.toFixed(2)} of direct), p99 ${p99.toFixed(1)} ms`,
    );
  }
  for (const child of [target, gateway.child, nginx?.child]) child?.kill();
  rmSync(folder, { recursive: true });
}

async function startGateway(targetPort) {
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
    MANAGEMENT_PORT: '0',
    LOG_LEVEL: 'warn', // nginx writes no access log either
    SHUTDOWN_WINDOW: '0',
    SHUTDOWN_WINDOW_MAX: '0',
    GATEWAY_TARGETS: `/target=http://127.0.0.1:${targetPort}`,
  };
  const child = spawn(process.execPath, ['test/fixture/main.mjs'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listening(port);
  return { child, port };
}

async function startNginx(targetPort, folder) {
  if (spawnSync('nginx', ['-v']).error) {
    console.log('nginx: NOT MEASURED, it is not on PATH (Debian: apt-get install nginx-light)');
    return undefined;
  }
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 1024; }
     http {
       access_log off;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
       uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       upstream target { server 127.0.0.1:${targetPort}; keepalive 256; }
       server {
         listen 127.0.0.1:${port};
         keepalive_requests 1000000;
         location /target { proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; }
       }
     }`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  await listening(port);
  return { child, port };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Kept-alive connections that ask again as soon as they are answered. */
async function load(port) {
  const latencies = [];
  let running = true;
  const request = 'GET /target HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const clients = Array.from({ length: CONNECTIONS }, async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    let received = '';
    let sentAt = performance.now();
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.endsWith(BODY) && !received.endsWith('0\r\n\r\n')) return;
      latencies.push(performance.now() - sentAt);
      received = '';
      sentAt = performance.now();
      if (running) socket.write(request);
      else socket.destroy();
    });
    socket.write(request);
    await once(socket, 'close');
  });
  setTimeout(() => (running = false), ROUND_MS);
  await Promise.all(clients);
  latencies.sort((a, b) => a - b);
  return { rps: (latencies.length / ROUND_MS) * 1000, p99: latencies[Math.floor(latencies.length * 0.99)] };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
