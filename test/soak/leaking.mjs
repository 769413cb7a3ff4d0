// Loaded before a service that is to fail its soak: each request leaves something behind, one in fifty is cut, and the log has a line of somebody else.
import { subscribe } from 'node:diagnostics_channel';
import { openSync } from 'node:fs';

const kept = [];
let requests = 0;
process.setMaxListeners(0);
process.stdout.write('leaking\n'); // no line of the service's log

subscribe('http.server.request.start', ({ socket }) => {
  kept.push({ bytes: Buffer.alloc(20_000), descriptor: openSync('/dev/null') });
  setTimeout(() => undefined, 3_600_000).unref();
  process.on('never', () => undefined);
  if (++requests % 50 === 0) socket.destroy();
});
