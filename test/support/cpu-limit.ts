import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessMissing } from './skipping.ts';

const PERIOD_US = 100_000;

/** How the two versions of cgroups write a share of a core. */
const VERSIONS = [
  {
    root: '/sys/fs/cgroup/cpu',
    limit: (group: string, share: number) => {
      writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(PERIOD_US * share));
    },
  },
  {
    root: '/sys/fs/cgroup',
    limit: (group: string, share: number) => {
      writeFileSync(join(group, 'cpu.max'), `${PERIOD_US * share} ${PERIOD_US}`);
    },
  },
];

let groups = 0;

/** Makes a cgroup that has a share of one core; undefined where that is not possible. */
function makeGroup(share: number): string | undefined {
  for (const { root, limit } of VERSIONS) {
    const group = join(root, `test-${process.pid}-${++groups}`);
    try {
      mkdirSync(group);
      try {
        limit(group, share);
        return group;
      } catch {
        rmdirSync(group);
      }
    } catch {
      // not this version, or not allowed to
    }
  }
  return undefined;
}

/** Gives a process no more than a share of a core, as a container's CPU limit does. */
export function limitCpu(pid: number, share: number): void {
  const group = makeGroup(share);
  if (group === undefined) throw new Error('no cgroup can be made here: use testWithCpuLimit');
  writeFileSync(join(group, 'cgroup.procs'), String(pid));
}

/** The `test` where cgroups can limit the CPU of a process, else its `skip`. */
export function testWithCpuLimit<T extends { skip: unknown }>(test: T): T | T['skip'] {
  const group = makeGroup(1);
  if (group === undefined) {
    return unlessMissing(
      test,
      'tests of a CPU limit',
      'no cgroup can be made here: it takes root and cgroups',
    );
  }
  rmdirSync(group);
  return test;
}
