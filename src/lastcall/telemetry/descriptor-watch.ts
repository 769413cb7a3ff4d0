import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Logger } from 'pino';

const LOOK_EVERY_MS = 1000;

/**
 * Says when the process has no file descriptor left, and when it has one again. Nobody else does: libuv closes the
 * connections that come meanwhile without a word.
 */
export function watchDescriptors(logger: Logger): void {
  let out = false;
  const look = () => {
    if (out === noneIsLeft()) return;
    out = !out;
    if (out) logger.error({ event: 'descriptors' }, 'no file descriptor is left: new connections are closed');
    else logger.info({ event: 'descriptors' }, 'there are file descriptors again');
  };
  setInterval(look, LOOK_EVERY_MS).unref();
}

/** Of this process, or of the whole machine. */
function noneIsLeft(): boolean {
  try {
    closeSync(openSync(devNull, 'r'));
    return false;
  } catch (error) {
    return ['EMFILE', 'ENFILE'].includes(String((error as NodeJS.ErrnoException).code));
  }
}
