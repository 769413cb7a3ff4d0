import { duration, integer, url } from '#lastcall';

/** `variables.postgres`. */
export const postgresVariables = {
  url: url('DATABASE_URL', {
    protocols: ['postgres', 'postgresql'],
    required: true,
    meaning: 'The database',
  }),
  poolSize: integer('DATABASE_POOL_SIZE', {
    default: '10',
    least: 1,
    meaning: 'Most connections of this process; times the replicas, the database must have them',
  }),
  startTimeoutMs: duration('DATABASE_START_TIMEOUT', {
    default: '30s',
    meaning: 'How long a start waits for the database and its schema',
  }),
};
