// What the accounting of connections and requests costs, as ratios within one run: `npm run bench:tracker`.
//  1. requests per second and CPU per request with and without it, on a bare handler and on the whole application
//  2. bytes of heap per idle connection with and without it
//  3. time from the last byte of the last response to the exit of the process, with 0, 1,000 and 10,000 idle connections
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROUNDS = 12;
const ROUND_MS = 1500;
const CONNECTIONS = 32;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const open = async (port) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
};

async function server(...args) {
  const child = fork(fileURLToPath(new URL('tracker-server.mjs', import.meta.url)), args, {
    execArgv: ['--expose-gc'],
  });
  const [{ port }] = await once(child, 'message');
  const measure = async () => {
    child.send('measure');
    const [numbers] = await once(child, 'message');
    return numbers;
  };
  return { port, measure, stop: () => child.kill() };
}

/** Requests answered on kept-alive connections in one round. */
async function load({ port, measure }) {
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, async () => open(port)));
  const before = await measure();
  let answered = 0;
  let running = true;
  for (const socket of sockets) {
    socket.on('data', () => {
      answered++; // responses are small: each comes in one piece
      if (running) socket.write(REQUEST);
    });
    socket.write(REQUEST);
  }
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  running = false;
  const after = await measure();
  for (const socket of sockets) socket.destroy();
  const cpu = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  return { rps: (answered / ROUND_MS) * 1000, cpuPerRequest: cpu / answered };
}

for (const application of ['bare', 'app']) {
  const tracked = await server('tracked', application);
  const plain = await server('plain', application);
  for (const warm of [tracked, plain]) await load(warm);
  const rps = [];
  const cpu = [];
  for (let round = 0; round < ROUNDS; round++) {
    // In turns, and each first as often as the other: what else the machine does hits both alike.
    const [first, second] = round % 2 === 0 ? [tracked, plain] : [plain, tracked];
    const results = new Map([[first, await load(first)]]);
    results.set(second, await load(second));
    const [a, b] = [results.get(tracked), results.get(plain)];
    rps.push({ ratio: a.rps / b.rps, tracked: a.rps, plain: b.rps });
    cpu.push({ ratio: b.cpuPerRequest / a.cpuPerRequest, us: a.cpuPerRequest - b.cpuPerRequest });
  }
  const of = (list, field) => median(list.map((entry) => entry[field]));
  console.log(
    `${application}: ${of(rps, 'tracked').toFixed(0)} of ${of(rps, 'plain').toFixed(0)} requests/s, ratio ${of(rps, 'ratio').toFixed(3)}; ` +
      `CPU ratio ${of(cpu, 'ratio').toFixed(3)} (${of(cpu, 'us').toFixed(2)} us more per request)`,
  );
  tracked.stop();
  plain.stop();
}

for (const tracker of ['tracked', 'plain']) {
  const count = 5000;
  const { port, measure, stop } = await server(tracker, 'bare');
  const before = await measure();
  const sockets = [];
  for (let i = 0; i < count; i++) sockets.push(await open(port));
  const after = await measure();
  console.log(
    `${tracker}: ${Math.round((after.heap - before.heap) / count)} bytes of heap per idle connection`,
  );
  for (const socket of sockets) socket.destroy();
  stop();
}

const IDLE_MS = 300;
for (const count of [0, 1000, 10_000]) {
  const afterResponse = [];
  const drains = [];
  for (let run = 0; run < 5; run++) {
    const env = {
      PATH: process.env.PATH,
      PORT: '0',
      MANAGEMENT_PORT: '0',
      SHUTDOWN_WINDOW: '0',
      SHUTDOWN_WINDOW_MAX: '0',
      SHUTDOWN_KEEP_ALIVE_MIN_IDLE: `${IDLE_MS}ms`,
    };
    const child = spawn(process.execPath, ['test/fixture/main.mjs'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let report;
    let port;
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text);
      if (line.event === 'listening' && line.listener === 'http') {
        port = line.port;
        void scenario();
      }
      if (line.event === 'shutdown') report = line;
    }
    async function scenario() {
      for (let i = 0; i < count; i += 100) {
        const batch = await Promise.all(
          Array.from({ length: Math.min(100, count - i) }, async () => open(port)),
        );
        for (const socket of batch) socket.on('error', () => undefined).on('data', () => undefined);
      }
      const slow = await open(port);
      slow.write('GET /slow?ms=2000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 200));
      child.kill('SIGTERM');
      slow.on('data', () => (slow.last = performance.now()));
      child.once('exit', () => afterResponse.push(performance.now() - slow.last));
    }
    if (child.exitCode === null) await once(child, 'exit');
    drains.push(report.ms);
  }
  console.log(
    `${count} idle connections: exit ${median(afterResponse).toFixed(1)} ms after the last byte (${afterResponse.map((ms) => ms.toFixed(1)).join(', ')})`,
  );
}
