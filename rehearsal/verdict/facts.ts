import type { Clock } from '../cluster/clock.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Ledger } from '../load/ledger.ts';
import type { Plan } from '../plan.ts';
import type { Scenario } from '../scenarios.ts';

/** What is there at the end of a rehearsal; times are on the clock of the process. */
export interface Facts {
  plan: Plan;
  scenario: Scenario;
  clock: Clock;
  cluster: Cluster;
  ledger: Ledger;
  loadFromMs: number;
  changeFromMs: number;
  changeToMs: number;
}
