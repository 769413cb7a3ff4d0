import type { CheckStatus, Health } from '../lifecycle/health.ts';
import type { Lifecycle } from '../lifecycle/lifecycle.ts';
import type { ProbeAnswer } from './terminus.ts';

/** kubelet reads 10 KiB of a probe's body. */
const MAX_PROBE_BYTES = 10_000;

/** Their paths. */
export const PROBES = ['/startupz', '/livez', '/readyz'];

/** The three probes, as the table in docs/shutdown.md says. */
export function probes(
  lifecycle: Lifecycle,
  health: Health,
  inShutdown: { liveness: 'fail' | 'pass'; readiness: 'fail' | 'pass' },
): Record<string, (verbose: boolean) => ProbeAnswer> {
  const alive = () => lifecycle.state === 'starting' || lifecycle.state === 'ready';
  return {
    '/startupz': (verbose) => probe(lifecycle.started, lifecycle, health, verbose),
    '/livez': (verbose) => probe(alive() || inShutdown.liveness === 'pass', lifecycle, health, verbose),
    '/readyz': (verbose) => {
      const open = lifecycle.state === 'ready' || (lifecycle.started && inShutdown.readiness === 'pass');
      return probe(open && health.ready, lifecycle, health, verbose);
    },
  };
}

function probe(ok: boolean, lifecycle: Lifecycle, health: Health, verbose: boolean): ProbeAnswer {
  const body = { status: ok ? 'ok' : 'error', state: lifecycle.state, checks: undefined, omitted: undefined };
  return { ok, body: verbose ? { ...body, ...fitting(health.status()) } : body };
}

/** As many checks as a kubelet reads; the failing ones first. */
function fitting(checks: CheckStatus[]): { checks: CheckStatus[]; omitted: number | undefined } {
  const sorted = [...checks].sort((a, b) => Number(a.up ?? false) - Number(b.up ?? false));
  let bytes = 200;
  const shown = sorted.filter((check) => {
    bytes += Buffer.byteLength(JSON.stringify(check)) + 1;
    return bytes <= MAX_PROBE_BYTES;
  });
  return { checks: shown, omitted: checks.length - shown.length || undefined };
}
