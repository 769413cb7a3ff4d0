import { integer, url } from '#lastcall';

/** `variables.queue`. */
export const queueVariables = {
  url: url('QUEUE_URL', {
    protocols: ['redis', 'rediss'],
    required: true,
    meaning: 'The Redis that has the queue',
  }),
  concurrency: integer('QUEUE_CONCURRENCY', {
    default: '5',
    least: 1,
    meaning: 'Jobs that this process does at the same time',
  }),
};
