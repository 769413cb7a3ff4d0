import { duration, url } from '#lastcall';

/** `variables.periodic`. */
export const periodicVariables = {
  url: url('RATES_URL', {
    protocols: ['http', 'https'],
    required: true,
    meaning: 'Where the rates come from, as JSON',
  }),
  intervalMs: duration('RATES_INTERVAL', {
    default: '1m',
    least: '10ms',
    meaning: 'How often they are fetched',
  }),
};
