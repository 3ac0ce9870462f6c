import { fma, sum4 } from './simd';

/** p ← factor · p for n numbers, a multiple of 4. */
export function scale(n: i32, p: usize, factor: f32): void {
  const end = p + (<usize>n << 2), factors = f32x4.splat(factor);
  for (; p != end; p += 16) v128.store(p, f32x4.mul(v128.load(p), factors));
}

/** Sets n numbers, a multiple of 4, to zero. */
export function clear(n: i32, p: usize): void {
  const end = p + (<usize>n << 2), zero = f32x4.splat(0);
  for (; p != end; p += 16) v128.store(p, zero);
}

/** Copies rows of n numbers. */
export function copyRows(rows: i32, n: i32, from: usize, fromRow: usize, to: usize, toRow: usize): void {
  const bytes = <usize>n << 2, whole = bytes & ~15;
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(to + j, v128.load(from + j));
    for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(from + j));
    from += fromRow;
    to += toRow;
  }
}

/** y = a + b, rows of n numbers; what lies behind them is left as it is. */
export function addRows(rows: i32, n: i32, a: usize, aRow: usize, b: usize, bRow: usize, y: usize, yRow: usize): void {
  const bytes = <usize>n << 2, whole = bytes & ~15;
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j < whole; j += 16) v128.store(y + j, f32x4.add(v128.load(a + j), v128.load(b + j)));
    for (; j < bytes; j += 4) store<f32>(y + j, load<f32>(a + j) + load<f32>(b + j));
    a += aRow;
    b += bRow;
    y += yRow;
  }
}

/** p ← keep · p + tau · q for n numbers, a multiple of 4. */
export function blend(n: i32, p: usize, q: usize, keep: f32, tau: f32): void {
  const end = p + (<usize>n << 2), keeps = f32x4.splat(keep), taus = f32x4.splat(tau);
  for (; p != end; p += 16, q += 16) {
    v128.store(p, f32x4.add(f32x4.mul(keeps, v128.load(p)), f32x4.mul(taus, v128.load(q))));
  }
}

/** The sum of squares of n numbers, a multiple of 4. */
export function sumOfSquares(n: i32, p: usize): f32 {
  const end = p + (<usize>n << 2), last = end - (<usize>(n & 12) << 2);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; p != last; p += 64) {
    const a = v128.load(p), b = v128.load(p, 16), c = v128.load(p, 32), d = v128.load(p, 48);
    s0 = fma(a, a, s0);
    s1 = fma(b, b, s1);
    s2 = fma(c, c, s2);
    s3 = fma(d, d, s3);
  }
  for (; p != end; p += 16) {
    const a = v128.load(p);
    s0 = fma(a, a, s0);
  }
  return sum4(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** sums = Σ over rows of d, `width` columns, a multiple of 4. */
export function columnSums(rows: i32, width: i32, d: usize, dRow: usize, sums: usize): void {
  clear(width, sums);
  addColumnSums(rows, width, d, dRow, sums);
}

/** sums = sums + Σ over rows of d, `width` columns, a multiple of 4. */
export function addColumnSums(rows: i32, width: i32, d: usize, dRow: usize, sums: usize): void {
  let column = 0;
  for (; column + 16 <= width; column += 16) {
    let s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    let at = d;
    for (let i = 0; i < rows; i++) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
      at += dRow;
    }
    v128.store(sums, s0);
    v128.store(sums, s1, 16);
    v128.store(sums, s2, 32);
    v128.store(sums, s3, 48);
    d += 64;
    sums += 64;
  }
  for (; column < width; column += 4) {
    let s = v128.load(sums);
    let at = d;
    for (let i = 0; i < rows; i++) {
      s = f32x4.add(s, v128.load(at));
      at += dRow;
    }
    v128.store(sums, s);
    d += 16;
    sums += 16;
  }
}
