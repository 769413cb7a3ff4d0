import { fstatSync, promises } from 'node:fs';

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
/** In a line of those tables: what was sent and not acknowledged, in hex, and the inode of the socket. */
const LINE = /^ *\d+: \S+ \S+ \S+ (\S+):\S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;

/**
 * How many bytes the kernel keeps for some sockets, by their descriptors, because their other ends have not taken them
 * yet. It asks for more only when a third of its buffer is free, which may be megabytes: until then, this alone tells a
 * client that reads slowly from one that does not read. Empty where there is no /proc.
 */
export async function sendQueues(descriptors: number[]): Promise<Map<number, number>> {
  try {
    const inodes = new Map(descriptors.map((fd) => [String(fstatSync(fd).ino), fd]));
    const tables = await Promise.all(
      TABLES.map(async (table) => promises.readFile(table, 'latin1').catch(() => '')),
    );
    const queues = new Map<number, number>();
    for (const [, queue = '', inode = ''] of tables.join('').matchAll(LINE)) {
      const fd = inodes.get(inode);
      if (fd !== undefined) queues.set(fd, parseInt(queue, 16));
    }
    return queues;
  } catch {
    return new Map();
  }
}
