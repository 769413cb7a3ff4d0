// What the kernel knows of a process: /proc of Linux.
import { readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ, the same on every architecture that Node has. */
const TICKS_PER_SECOND = 100;

/** User and system time of all of its threads, to 10 ms. */
export function cpuSeconds(pid: number): number {
  // Behind the name, which may have spaces and parentheses in it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export const rssBytes = (pid: number): number => statusBytes(pid, 'VmRSS');

/** Since it began or since {@link resetPeak}. */
export const peakRssBytes = (pid: number): number => statusBytes(pid, 'VmHWM');

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const [, kB] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  if (kB === undefined) throw new Error(`process ${pid} has no ${field}: has it ended?`);
  return Number(kB) * 1024;
}
