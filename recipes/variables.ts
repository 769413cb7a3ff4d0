// In place of src/service/variables.ts, so that a recipe imports here what it will import in a service.
import type { AppParts } from '#lastcall';
import { callingVariables } from './calling/variables.ts';
import { jwtVariables } from './jwt/variables.ts';
import { periodicVariables } from './periodic/variables.ts';
import { postgresVariables } from './postgres/variables.ts';
import { queueVariables } from './queue/variables.ts';
import { redisVariables } from './redis/variables.ts';

export const variables = {
  calling: callingVariables,
  jwt: jwtVariables,
  periodic: periodicVariables,
  postgres: postgresVariables,
  queue: queueVariables,
  redis: redisVariables,
};

/** What features get. */
export type Parts = AppParts<typeof variables>;
