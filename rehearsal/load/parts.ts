import type { Clock } from '../cluster/clock.ts';
import type { Replica } from '../cluster/replica.ts';
import type { Service } from '../cluster/service.ts';
import type { LoadPlan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Ledger } from './ledger.ts';

/** What the load is made of, and what it writes down what it has seen. */
export interface LoadParts {
  plan: LoadPlan;
  service: Service<Replica>;
  clock: Clock;
  random: Random;
  ledger: Ledger;
}
