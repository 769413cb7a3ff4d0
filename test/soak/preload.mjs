// Loaded before a service under soak, which it leaves as it is: its vital signs, whenever its parent asks.
import { Server } from 'node:net';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const timer = setTimeout(() => undefined);
clearTimeout(timer);

const servers = new Set();
// oxlint-disable-next-line typescript/unbound-method -- it is called on the server
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  servers.add(this);
  return listen.apply(this, args);
};

function vitals() {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  const emitters = [process, process.stdout, process.stderr, ...servers];
  const listeners = emitters.flatMap((each) => each.eventNames().map((name) => each.listenerCount(name)));
  return {
    heapBytes: heapUsed + external,
    // Also those that keep no process alive, and those of Node itself.
    timers: queryObjects(timer.constructor, { format: 'count' }),
    listeners: listeners.reduce((sum, count) => sum + count, 0),
  };
}

process.on('message', () => process.send(vitals()));
process.channel.unref(); // else a service that has closed everything would stay
