/**
 * a · b + c. Where c is a local variable this compiles to the bytes `mul, local.get c, add`, which ../load-kernels.ts turns into
 * one fused multiply-add on platforms with relaxed SIMD.
 */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** The sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sum4(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Zero where |x| < 1e-30: decaying averages would else end in denormal numbers, which are many times slower. */
// @ts-ignore: decorator
@inline
export function flush(x: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), f32x4.splat(1e-30)));
}

/** sin(π u) for |u| ≤ 1/2, by Taylor's series, with an absolute error of about 2e-7. */
// @ts-ignore: decorator
@inline
export function sinPi(u: v128): v128 {
  const u2 = f32x4.mul(u, u);
  let s = f32x4.splat(-0.00737043094571435);
  s = f32x4.add(f32x4.mul(s, u2), f32x4.splat(0.0821458866111282));
  s = f32x4.add(f32x4.mul(s, u2), f32x4.splat(-0.599264529320792));
  s = f32x4.add(f32x4.mul(s, u2), f32x4.splat(2.55016403987735));
  s = f32x4.add(f32x4.mul(s, u2), f32x4.splat(-5.16771278004997));
  s = f32x4.add(f32x4.mul(s, u2), f32x4.splat(3.14159265358979));
  return f32x4.mul(s, u);
}
