// Functions of eˣ. activations.ts writes the constants: modules that only read them share its memory.
import { CONSTANTS } from './memory';
import { fma } from './simd';

// @ts-ignore: decorator
@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

/**
 * eˣ − 1 with a relative error of about 2e-7, also near 0. With n = round(x / ln 2) and r = x − n ln 2,
 * eˣ − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1), and eʳ − 1 is a polynomial (coefficients: expf of the Cephes library, Moshier 1992).
 * Beyond ±87 the result is that at ±87: in single precision far enough for every activation.
 */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const lowest = constant(0), highest = constant(4), perLn2 = constant(8), rounding = constant(12);
  x = f32x4.pmin(f32x4.pmax(x, lowest), highest);
  // Adding 1.5 · 2²³ rounds to a whole number and leaves it in the lowest bits.
  const rounded = f32x4.add(f32x4.mul(x, perLn2), rounding);
  const n = f32x4.sub(rounded, rounding);
  const r = fma(n, constant(20), fma(n, constant(16), x)), r2 = f32x4.mul(r, r);
  // In pairs: a shorter chain of operations that wait for each other than one after the other.
  const high = fma(constant(24), r, constant(28)), middle = fma(constant(32), r, constant(36));
  const low = fma(constant(40), r, constant(44));
  const q = fma(fma(fma(high, r2, middle), r2, low), r2, r);
  const power = i32x4.shl(i32x4.add(rounded, constant(48)), 23);
  return fma(power, q, f32x4.sub(power, f32x4.splat(1)));
}

/** 1 / (1 + e⁻ˣ). */
// @ts-ignore: decorator
@inline
export function logistic(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(2), expm1(f32x4.neg(x))));
}

/** tanh |x| = −e / (e + 2) with e = exp(−2 |x|) − 1. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const e = expm1(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const magnitude = f32x4.div(f32x4.neg(e), f32x4.add(e, f32x4.splat(2)));
  return v128.bitselect(x, magnitude, i32x4.splat(0x80000000));
}
