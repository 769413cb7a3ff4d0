import { duration, url } from '#lastcall';

/** `variables.calling`. */
export const callingVariables = {
  url: url('PRICES_URL', {
    protocols: ['http', 'https'],
    required: true,
    meaning: 'The service of the prices',
  }),
  timeoutMs: duration('PRICES_TIMEOUT', {
    default: '2s',
    least: '1ms',
    meaning: 'Most time for its answer, tries included, else 504',
  }),
};
