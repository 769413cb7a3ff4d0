import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Kept for probes, scrapes, the log and the files of the process when clients use up all others. */
const RESERVE = 16;

/**
 * Says of a socket whether its descriptor is one that may be used for traffic. The kernel gives the lowest free one, so
 * that its number tells how many are in use, for whatever purpose. Where there is no /proc, all may be used.
 */
export function admitBelowLimit(): (socket: Socket) => boolean {
  const limit = descriptorLimit();
  return (socket) => {
    const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
    return (handle?.fd ?? 0) < limit - RESERVE;
  };
}

/** The soft limit of open files of this process; Infinity where it is not known. */
function descriptorLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
