import { sinPi } from './simd';

/** The finaliser of MurmurHash3: a bijection on 32 bits in which every input bit moves every output bit. */
function mix(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** ln u for u in (0, 1]: u = 2ᵉ m with m around 1, ln m = 2 artanh((m − 1) / (m + 1)). Never positive. */
// @ts-ignore: decorator
@inline
function ln(u: v128): v128 {
  const e = i32x4.shr_s(i32x4.sub(u, i32x4.splat(0x3f3504f3)), 23); // m in [√½, √2)
  const f = f32x4.sub(i32x4.sub(u, i32x4.shl(e, 23)), f32x4.splat(1));
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2))), s2 = f32x4.mul(s, s);
  let series = f32x4.add(f32x4.mul(s2, f32x4.splat(0.28571428)), f32x4.splat(0.4));
  series = f32x4.add(f32x4.mul(series, s2), f32x4.splat(0.66666667));
  series = f32x4.add(f32x4.mul(series, s2), f32x4.splat(2));
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(e), f32x4.splat(0.6931472)), f32x4.mul(s, series));
}

/**
 * n draws (rounded up to a multiple of 4) from the standard normal distribution (Box and Muller 1958), or with `roots` sgn(x) √|x| of such
 * draws x. Draw i is a function of i and the two keys alone: uniform bits are hashes of a counter, mixed with one key after the other.
 */
export function normals(n: i32, key0: i32, key1: i32, roots: i32, y: usize): void {
  const first = i32x4.splat(key0), second = i32x4.splat(key1), step = i32x4.splat(0x9e3779b9);
  let counter = i32x4(0, 1, 2, 3);
  for (const end = y + (<usize>n << 2); y < end; y += 16) {
    const even = i32x4.add(i32x4.mul(i32x4.shl(counter, 1), step), first), odd = i32x4.add(even, step);
    const a = mix(v128.xor(mix(even), second)), b = mix(v128.xor(mix(odd), second));
    // u in (0, 1], a multiple of 2⁻²⁴; v in [−1, 1].
    const u = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_u(a, 8), i32x4.splat(1))), f32x4.splat(5.9604645e-8));
    const v = f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.splat(4.656613e-10));
    const radius = f32x4.sqrt(f32x4.mul(ln(u), f32x4.splat(-2)));
    let x = f32x4.mul(radius, sinPi(f32x4.sub(f32x4.splat(0.5), f32x4.abs(v)))); // cos(π v)
    if (roots) x = v128.bitselect(x, f32x4.sqrt(f32x4.abs(x)), i32x4.splat(0x80000000));
    v128.store(y, x);
    counter = i32x4.add(counter, i32x4.splat(4));
  }
}

/** y = a + b ⊙ c, n numbers, a multiple of 4; with a = 0 y = b ⊙ c. */
export function perturb(n: i32, a: usize, b: usize, c: usize, y: usize): void {
  const bytes = <usize>n << 2;
  for (let j: usize = 0; j < bytes; j += 16) {
    const product = f32x4.mul(v128.load(b + j), v128.load(c + j));
    v128.store(y + j, a ? f32x4.add(v128.load(a + j), product) : product);
  }
}

/** y = a + b ⊙ u vᵀ, or columns of it within a panel: K rows of `width` numbers, a multiple of 4, `row` bytes apart; with a = 0 y = b ⊙ u vᵀ. */
export function perturbOuter(K: i32, width: i32, a: usize, b: usize, u: usize, v: usize, y: usize, row: usize): void {
  const bytes = <usize>width << 2;
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(u + (<usize>k << 2));
    if (a) {
      for (let j: usize = 0; j < bytes; j += 16) {
        const product = f32x4.mul(v128.load(b + j), f32x4.mul(x, v128.load(v + j)));
        v128.store(y + j, f32x4.add(v128.load(a + j), product));
      }
      a += row;
    } else {
      for (let j: usize = 0; j < bytes; j += 16) v128.store(y + j, f32x4.mul(v128.load(b + j), f32x4.mul(x, v128.load(v + j))));
    }
    b += row;
    y += row;
  }
}
