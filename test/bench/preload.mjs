// Loaded before a server, which it leaves as it is until it is asked: `stall` for how late its event loop was at most since
// it was asked last, in seconds, `gc` to collect garbage.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
const answers = {
  stall() {
    const longest = Math.max(0, delay.max / 1e9 - RESOLUTION_MS / 1e3);
    delay.enable();
    delay.reset();
    return longest;
  },
  gc() {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return true;
  },
};
process.on('message', (question) => process.send(answers[question]()));
process.channel.unref(); // else a server that has closed everything would stay
