/** Steps of the table within a factor of 2. */
const STEPS = 16;
/** eˣ below e^LOWEST counts as 0: no float32 of normal size is as small. */
const LOWEST = -128 * Math.LN2;
/** 2^(−k / STEPS), ending in 0. */
const POWERS = Float64Array.from({ length: 128 * STEPS + 1 }, (_, k) => (k === 128 * STEPS ? 0 : 2 ** (-k / STEPS)));

/**
 * `eˣ` for x ≤ 0 with a relative error below 10⁻⁸; 0 below −88.7, NaN for NaN. A third of the time of `Math.exp`, which at the sizes of a softmax over atoms is a
 * good part of a whole update: `eˣ = 2^(−k/16) eʳ` with the first factor from a table and |r| ≤ ln 2 / 32, where a cubic is enough.
 */
export function fastExp(x: number): number {
  if (x < LOWEST) x = LOWEST;
  const k = (x * (-STEPS / Math.LN2) + 0.5) | 0;
  const r = x + k * (Math.LN2 / STEPS);
  return POWERS[k] * (1 + r + r * r * (0.5 + r * (1 / 6)));
}

/** The largest of `values[offset … offset + length − 1]`, at least one; not to be relied on where some are NaN. */
export function largest(values: Float32Array, offset: number, length: number): number {
  let most = values[offset];
  for (let i = offset + 1, end = offset + length; i < end; i++) if (values[i] > most) most = values[i];
  return most;
}

/**
 * Writes `out[i] = exp(values[offset + i] − shift)` and gives their sum, so that out / sum is the softmax and `shift + log sum` the log-sum-exp. A NaN
 * among the values makes the sum NaN.
 * @param shift - the {@link largest} of the values, so that nothing overflows and the sum is at least 1.
 */
export function shiftedExp(values: Float32Array, offset: number, length: number, shift: number, out: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const x = fastExp(values[offset + i] - shift);
    out[i] = x;
    sum += x;
  }
  return sum;
}
