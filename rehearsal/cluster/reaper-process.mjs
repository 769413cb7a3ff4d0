// Kills what a rehearsal has left behind; reaper.ts starts it and says what there is: node reaper-process.mjs <mark>
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , markOfAll] = process.argv;
const groups = new Set();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [what, pid, mark] = line.split(' ');
  if (what === 'started') groups.add(Number(pid));
  if (what !== 'ended') return;
  groups.delete(Number(pid));
  killMarked(mark);
});
// The rehearsal has gone, and so have all shells that were about to start a replica: they hold the other end, too.
lines.on('close', () => {
  for (const pid of groups) kill(-pid);
  killMarked(markOfAll);
});

/** Those that have left their process group, where environments can be read; a container would have ended them, too. */
function killMarked(mark) {
  if (process.platform !== 'linux') return;
  for (const pid of readdirSync('/proc').map(Number).filter(Boolean)) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) kill(pid);
    } catch {
      // gone meanwhile, or not ours
    }
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // nothing is left of it
  }
}
