import { MASK, withoutPassword } from '../config/mask.ts';

/** Parameters that sign a URL: who has them may do what it says. By the semantic conventions. */
const SIGNATURE = /(^|[?&])(AWSAccessKeyId|Signature|sig|X-Goog-Signature|X-Amz-Signature)=[^&]*/gi;

/** A query, or a URL with one, as one may show it. */
export function maskedQuery(query: string): string {
  return withoutPassword(query).replace(SIGNATURE, `$1$2=${MASK}`);
}
