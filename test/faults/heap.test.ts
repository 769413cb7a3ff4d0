import { expect } from '@jest/globals';
import { get, inFlight } from '../harness/http.ts';
import { group as describe, overlapping as test } from '../harness/overlapping.ts';
import { RawClient } from '../harness/raw-client.ts';
import { startService } from '../harness/service.ts';
import { terminationLog } from '../support/termination-log.ts';

/** What the kubelet takes of the log for the termination message if there is none and the exit code is not 0. */
const FALLBACK_BYTES = 2048;

describe('a heap that is full', () => {
  test.each([
    ['ready', ''], // so that the kubelet takes the end of the log
    ['draining', '"state":"draining"'],
  ])('in the state %s ends the process, which says so', async (state, message) => {
    const { TERMINATION_LOG, read } = terminationLog();
    const service = startService(
      { TERMINATION_LOG, NODE_OPTIONS: '--max-old-space-size=48' },
      { entry: 'test/process/faulty.mjs', wrap: ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'] },
    );
    const url = await service.url;
    const client = await new RawClient(url).connected();
    const answer = get(`${url}/slow?ms=60000`);
    answer.catch(() => undefined);
    await inFlight(await service.management, 1, answer);
    if (state !== 'ready') service.kill('SIGTERM');
    await service.line({ state });
    client.get('/hoard');
    const { signal, stdout, stderr } = await service.ended;
    expect(signal).toBe('SIGABRT'); // exit code 134 of a container
    const log = `${stdout}${stderr}`;
    expect(log.slice(-FALLBACK_BYTES)).toMatch(/FATAL ERROR: .*JavaScript heap out of memory/);
    expect(/"state":"\w+"/.exec(read())?.[0] ?? '').toBe(message);
  });
});
