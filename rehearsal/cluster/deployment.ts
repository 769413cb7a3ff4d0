import type { Deployment } from '../subject/subject.ts';
import type { Cluster } from './cluster.ts';

/**
 * Replaces all pods as a Deployment does: it creates as many as maxSurge allows, and deletes as many as maxUnavailable
 * allows, as soon as it may. It does not wait for those that are leaving: they no longer count.
 */
export async function rollingUpdate(cluster: Cluster, settings: Deployment): Promise<void> {
  const { replicas, maxSurge } = settings;
  // Both may be rounded to nothing; a Deployment then goes on with one less.
  const maxUnavailable = maxSurge === 0 ? Math.max(1, settings.maxUnavailable) : settings.maxUnavailable;
  const old = [...cluster.staying];
  let created = 0;
  for (;;) {
    const seen = cluster.changes;
    const { staying } = cluster;
    const surplus = old.filter((replica) => staying.includes(replica));
    const createNow = Math.min(replicas - created, replicas + maxSurge - staying.length);
    for (let i = 0; i < createNow; i++) await cluster.create('new');
    created += Math.max(0, createNow);

    const available = staying.filter((replica) => cluster.available(replica)).length;
    // Those that are not available first: they serve nobody.
    const byUse = [...surplus].sort((a, b) => Number(cluster.available(a)) - Number(cluster.available(b)));
    let mayGo = available - (replicas - maxUnavailable);
    for (const replica of byUse) {
      if (cluster.available(replica) && mayGo-- <= 0) break;
      cluster.delete(replica);
    }
    if (created === replicas && !cluster.staying.some((replica) => old.includes(replica))) break;
    await cluster.until(() => cluster.changes !== seen);
  }
  await cluster.until(() => cluster.staying.every((replica) => cluster.available(replica)));
}
