/** What happens less often than once in a hundred times does not count as chance. */
const HARDLY = 0.01;

/**
 * Whether it can hardly be chance that so many of all came from a part that has only this share: the upper tail of the
 * binomial distribution.
 *
 * @param share of the part, 0 to 1
 */
export function isHardlyChance(count: number, all: number, share: number): boolean {
  if (count === 0 || share >= 1) return false;
  if (share <= 0) return true;
  let logOf = all * Math.log(1 - share); // of none
  let below = 0;
  for (let i = 0; i < count; i++) {
    below += Math.exp(logOf);
    logOf += Math.log((all - i) / (i + 1)) + Math.log(share / (1 - share));
  }
  return 1 - below < HARDLY;
}
