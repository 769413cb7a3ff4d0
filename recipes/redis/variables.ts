import { duration, url } from '#lastcall';

/** `variables.redis`. */
export const redisVariables = {
  url: url('CACHE_URL', { protocols: ['redis', 'rediss'], required: true, meaning: 'The Redis that caches' }),
  ttlMs: duration('CACHE_TTL', { default: '1m', least: '1ms', meaning: 'How long an entry is good' }),
};
