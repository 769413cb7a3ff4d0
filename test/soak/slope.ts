// Whether something grows: a straight line through samples, and how sure it is.

export interface Sample {
  /** Since any moment, the same for all. */
  seconds: number;
  value: number;
}

/** The least-squares line through samples; its slope is between `low` and `high` with 95 % confidence. */
export interface Slope {
  /** Units of the value in a second. */
  perSecond: number;
  low: number;
  high: number;
  /** From the first sample to the last, in seconds. */
  seconds: number;
  mean: number;
}

/** 97.5 % of a normal distribution. */
const Z = 1.959964;

/** @throws RangeError with fewer than three samples, or all at one moment */
export function slopeOf(samples: Sample[]): Slope {
  const n = samples.length;
  const meanAt = mean(samples.map(({ seconds }) => seconds));
  const meanValue = mean(samples.map(({ value }) => value));
  const spread = sum(samples.map(({ seconds }) => (seconds - meanAt) ** 2));
  if (n < 3 || spread === 0) throw new RangeError(`${n} samples, expected three or more, at different times`);
  const perSecond =
    sum(samples.map(({ seconds, value }) => (seconds - meanAt) * (value - meanValue))) / spread;
  const residuals = samples.map(({ seconds, value }) => value - meanValue - perSecond * (seconds - meanAt));
  const error = Math.sqrt(sum(residuals.map((residual) => residual ** 2)) / (n - 2) / spread);
  const margin = studentT(n - 2) * error;
  const times = samples.map(({ seconds }) => seconds);
  return {
    perSecond,
    low: perSecond - margin,
    high: perSecond + margin,
    seconds: Math.max(...times) - Math.min(...times),
    mean: meanValue,
  };
}

/** Whether it has certainly grown by more than `allowed` from the first sample to the last. */
export const grows = ({ low, seconds }: Slope, allowed: number): boolean => low * seconds > allowed;

/** 97.5 % of Student's t, by the first terms of its expansion (Abramowitz and Stegun, 26.7.5). */
function studentT(freedom: number): number {
  const first = (Z ** 3 + Z) / (4 * freedom);
  const second = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2);
  return Z + first + second;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: number[]): number => sum(values) / values.length;
