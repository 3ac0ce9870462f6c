// The embedding of quantile fractions, and the product of its rows with those of the inputs.
import { sinPi } from './simd';

/** Numbers of at least 2⁻¹² keep that many bits when this is added and taken away again. */
const SPLIT: f32 = 3072;
/** Added and taken away again this rounds to a whole number. */
const ROUNDING: f32 = 12582912;

/**
 * `y[row, i] = cos(π i τ[row])` for i = 0 … n − 1 (rounded up to a multiple of 4), τ in [0, 1], with an absolute error of about 2e-7.
 */
export function cosines(rows: i32, n: i32, fractions: usize, y: usize, yRow: usize): void {
  for (let row = 0; row < rows; row++) {
    const t = v128.load32_splat(fractions + (<usize>row << 2)), split = f32x4.splat(SPLIT), rounding = f32x4.splat(ROUNDING);
    // In two parts, of which the product of i and the first is exact: the error of i · τ would be as large as i.
    const high = f32x4.sub(f32x4.add(t, split), split), low = f32x4.sub(t, high);
    let i = f32x4(0, 1, 2, 3);
    for (let j = 0; j < n; j += 4) {
      const whole = f32x4.mul(i, high);
      // The distance from the nearest even number, in [−1, 1].
      const nearest = f32x4.sub(f32x4.add(f32x4.mul(whole, f32x4.splat(0.5)), rounding), rounding);
      const x = f32x4.add(f32x4.sub(whole, f32x4.add(nearest, nearest)), f32x4.mul(i, low));
      v128.store(y + (<usize>j << 2), sinPi(f32x4.sub(f32x4.splat(0.5), f32x4.abs(x)))); // cos(π x)
      i = f32x4.add(i, f32x4.splat(4));
    }
    y += yRow;
  }
}

/** y = x ⊙ e, `width` columns, a multiple of 4; each row of x belongs to `times` rows of e and y. */
export function modulate(rows: i32, times: i32, width: i32, x: usize, xRow: usize, e: usize, y: usize, eRow: usize): void {
  const end = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < times; k++) {
      for (let j: usize = 0; j < end; j += 16) v128.store(y + j, f32x4.mul(v128.load(x + j), v128.load(e + j)));
      e += eRow;
      y += eRow;
    }
    x += xRow;
  }
}

/** The gradient of {@link modulate}: d becomes that of e; dx, unless 0, becomes that of x, the sum over its rows. */
export function modulateBackward(rows: i32, times: i32, width: i32, x: usize, xRow: usize, e: usize, eRow: usize, d: usize, dRow: usize,
  dx: usize, dxRow: usize): void {
  const end = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    for (let j: usize = 0; j < end; j += 16) {
      const factor = v128.load(x + j);
      let sum = f32x4.splat(0), from = e + j, at = d + j;
      for (let k = 0; k < times; k++) {
        const dy = v128.load(at);
        sum = f32x4.add(f32x4.mul(dy, v128.load(from)), sum);
        v128.store(at, f32x4.mul(dy, factor));
        from += eRow;
        at += dRow;
      }
      if (dx) v128.store(dx + j, sum);
    }
    x += xRow;
    e += eRow * <usize>times;
    d += dRow * <usize>times;
    dx += dxRow;
  }
}
