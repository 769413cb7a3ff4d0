// From the last byte of the last answer to the end of the process.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from '../contestants.ts';
import type { Measure } from '../measure.ts';

const ENDS = 3;
/** Of the half second that the request takes: it is in flight then, and its answer far. */
const SIGNAL_AFTER_MS = 250;
/** Only the answer is waited for. */
const ENV = { SHUTDOWN_WINDOW: '0', SHUTDOWN_WINDOW_MAX: '0' };

/** @param baseline a contestant that only exits */
export function exit(baseline: Contestant, contestants: Contestant[]): Measure {
  return {
    name: 'exit',
    family: 'service',
    baseline: baseline.name,
    contestants: [baseline, ...contestants],
    rows: [
      {
        name: 'exit',
        title: 'last byte → exit (to an empty `process.exit` handler)',
        formula: { of: 'seconds', per: 'ends', times: 1000 },
        unit: 'ms',
        better: 'less',
        goal: '≤ 1.0 + 2 ms',
        shown: 'value',
      },
    ],
    prepare: async (contestant, { start, quick }) => {
      return async () => {
        const sample = { ends: quick ? 1 : ENDS, seconds: 0 };
        for (let i = 0; i < sample.ends; i++) {
          const server = await start(contestant, { env: ENV });
          const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
          let answer = '';
          let lastByteAt = NaN;
          socket.on('data', (chunk) => {
            answer += chunk.toString('latin1');
            lastByteAt = performance.now();
          });
          await once(socket, 'connect');
          socket.write(request(contestant.paths.slow ?? ''));
          await sleep(SIGNAL_AFTER_MS);
          await server.terminate();
          sample.seconds += (performance.now() - lastByteAt) / 1000;
          socket.destroy();
          if (!answer.startsWith('HTTP/1.1 200 '))
            throw new Error(`the last answer is ${JSON.stringify(answer)}`);
        }
        return sample;
      };
    },
  };
}

/** Its connection is not to be kept: some would wait for the end of its idle time. */
function request(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
}
