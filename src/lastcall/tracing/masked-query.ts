import { isSecret, MASK } from '../config/mask.ts';

/** Parameters that sign a URL: who has them may do what it says. */
const SIGNATURE = /sig(?:nature)?$/i;

/**
 * A query as one may show it. Clients write what they want into it, so that it takes a time that grows with its length and
 * no more: the mask of the log does not.
 *
 * @param query without its `?`
 */
export function maskedQuery(query: string): string {
  if (!query.includes('=')) return query;
  return query.split('&').map(masked).join('&');
}

/** A URL, or a path, with its query masked. */
export function withMaskedQuery(url: string): string {
  const at = url.indexOf('?') + 1;
  return at === 0 ? url : url.slice(0, at) + maskedQuery(url.slice(at));
}

function masked(parameter: string): string {
  const name = parameter.split('=', 1)[0] ?? '';
  return name !== parameter && (isSecret(name) || SIGNATURE.test(name)) ? `${name}=${MASK}` : parameter;
}
