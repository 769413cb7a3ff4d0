import { spawnSync } from 'node:child_process';
import { type ServiceProcess, startService } from '../harness/service.ts';

/** What runs a file of recipes/, which are compiled in a clone that has copied them. */
export const TYPESCRIPT = '--import tsx --conditions source';

/** Starts a service whose only feature is a recipe; otherwise as {@link startService}. */
export function startRecipe(name: string, env: Record<string, string> = {}): ServiceProcess {
  const run = { RECIPE: name, NODE_OPTIONS: TYPESCRIPT };
  return startService({ ...run, HEALTH_CHECK_INTERVAL: '100ms', ...env }, { entry: 'recipes/main.ts' });
}

/**
 * The next change of its health check from now on, past ones left aside: the first look may have come before the recipe
 * was connected, and found it down.
 */
export function nextHealth(service: ServiceProcess, up: boolean): () => Promise<unknown> {
  const seen = service.lines.filter((line) => line['event'] === 'health' && line['up'] === up).length;
  return async () => service.line({ event: 'health', up }, seen + 1);
}

/** Runs the migrations as the Job of the chart does. */
export function migrateWith(url: string): { status: number | null; stdout: string; stderr: string } {
  const args = [...TYPESCRIPT.split(' '), 'recipes/postgres/migrate.ts'];
  return spawnSync(process.execPath, args, { env: { DATABASE_URL: url }, encoding: 'utf8' });
}
