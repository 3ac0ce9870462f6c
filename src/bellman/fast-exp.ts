/** 2^(−k/16), ending in 0. */
const POWERS = /* @__PURE__ */ Float64Array.from({ length: 128 * 16 + 1 }, (_, k) => (k === 128 * 16 ? 0 : 2 ** (-k / 16)));

/**
 * `eˣ` for x ≤ 0 with a relative error below 10⁻⁸; 0 below −88.7 = −128 log 2, where a float32 is no longer of normal size, and NaN for NaN. A third of the time of
 * `Math.exp`, which for a softmax over atoms is a good part of a whole update: `eˣ = 2^(−k/16) eʳ` with the first factor from a table and
 * |r| ≤ log 2 / 32, where a cubic is enough.
 */
export function fastExp(x: number): number {
  // The numbers stand here in full: as constants of the module they would be variables after bundling, read anew each time, at twice the time.
  if (x < -128 * Math.LN2) x = -128 * Math.LN2;
  const k = (x * (-16 / Math.LN2) + 0.5) | 0;
  const r = x + k * (Math.LN2 / 16);
  return POWERS[k] * (1 + r + r * r * (0.5 + r * (1 / 6)));
}

/** One number as a float32 and as its bits. */
const word = /* @__PURE__ */ new ArrayBuffer(4);
const float = /* @__PURE__ */ new Float32Array(word);
const bits = /* @__PURE__ */ new Int32Array(word);
/** For 128 parts of [1, 2): one over the middle of each, and the logarithm of the middle. */
const INVERSES = /* @__PURE__ */ Float64Array.from({ length: 128 }, (_, i) => 1 / (1 + (i + 0.5) / 128));
const LOGARITHMS = /* @__PURE__ */ INVERSES.map((inverse) => -Math.log(inverse));

/**
 * `x log x` for a float32 x in [0, 1], to 10⁻¹⁰; 0 at 0, NaN for NaN. `log x = e log 2 + log c + log(1 + r)` with e from the bits of x, c from a table, |r| < 2⁻⁸.
 */
export function fastXLogX(x: number): number {
  float[0] = x;
  const pattern = bits[0];
  const mantissa = ((pattern & 0x7fffff) | 0x800000) / 0x800000;
  const part = (pattern >>> 16) & 127;
  const r = mantissa * INVERSES[part] - 1;
  return x * (((pattern >>> 23) - 127) * Math.LN2 + LOGARITHMS[part] + r * (1 - r * (0.5 - r * (1 / 3))));
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
