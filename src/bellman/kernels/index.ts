// The loops of ../categorical-simd.ts over atoms. Rows of exponentials lie `stride` bytes apart, a multiple of 16, with zeros behind the
// last atom; rows of logits and of masses follow each other without a gap. What lies up to 12 bytes behind a last row is read, and not used.

// Read from memory: V8 would build each constant anew, by several instructions, in every turn of a loop.
const CONSTANTS = memory.data<f32>([
  -88, 1.44269504088896341, 12582912, -0.693359375, 2.12194440e-4,
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
  0.69314718056, 0.2222222222, 0.2857142857, 0.4, 0.6666666667,
], 16);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * eˣ for x ≤ 0, to about 2e-7 of itself, and 0 from −87.7 on, where a float32 is no longer of normal size. With n = round(x / ln 2) and
 * r = x − n ln 2 it is 2ⁿ eʳ, and eʳ − 1 is a polynomial (coefficients: expf of the Cephes library, Moshier 1992).
 */
// @ts-ignore: decorator
@inline
function exp(x: v128): v128 {
  x = f32x4.pmax(x, constant(0)); // of these two the first where it is NaN
  // Adding 1.5 · 2²³ rounds to a whole number and leaves it in the lowest bits.
  const rounded = madd(x, constant(1), constant(2));
  const n = f32x4.sub(rounded, constant(2));
  const r = madd(n, constant(4), madd(n, constant(3), x)), r2 = f32x4.mul(r, r);
  const high = madd(constant(5), r, constant(6)), middle = madd(constant(7), r, constant(8));
  const low = madd(constant(9), r, constant(10));
  const q = madd(madd(madd(high, r2, middle), r2, low), r2, r);
  // At n = −127 the power is 0.
  const power = i32x4.shl(i32x4.add(rounded, i32x4.splat(127)), 23);
  return madd(power, q, power);
}

/** log x for x > 0 of normal size; a finite number where x is 0. With x = 2ᵏ f, f in [√½, √2) and s = (f − 1) / (f + 1): k ln 2 + 2 artanh s. */
// @ts-ignore: decorator
@inline
function log(x: v128): v128 {
  const k = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const f = i32x4.sub(x, i32x4.shl(k, 23)), one = f32x4.splat(1);
  const s = f32x4.div(f32x4.sub(f, one), f32x4.add(f, one)), s2 = f32x4.mul(s, s);
  // 2 artanh s = s (2 + ⅔ s² + ⅖ s⁴ + …)
  const series = madd(madd(madd(constant(12), s2, constant(13)), s2, constant(14)), s2, constant(15));
  return madd(f32x4.convert_i32x4_s(k), constant(11), madd(f32x4.mul(series, s2), s, f32x4.add(s, s)));
}

/** Ones in the first `count` lanes. */
// @ts-ignore: decorator
@inline
function first(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

// @ts-ignore: decorator
@inline
function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
}

// @ts-ignore: decorator
@inline
function sum2(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** The address of a row of logits: the `row`-th of those listed, as i32. */
// @ts-ignore: decorator
@inline
function logitsOf(list: usize, row: i32, atoms: i32, logits: usize): usize {
  return logits + <usize>(load<i32>(list + (<usize>row << 2)) * atoms << 2);
}

/**
 * Of each listed row of logits x: eᵢ = exp(xᵢ − max x), and in 64 bytes of statistics, as f64: Σ eᵢ, Σ i eᵢ and max x.
 * A NaN among the logits, or an infinite largest one, makes both sums NaN.
 */
export function softmax(rows: i32, atoms: i32, logits: usize, list: usize, exps: usize, stride: usize, statistics: usize): void {
  const whole = <usize>(atoms & ~3) << 2, rest = atoms & 3, vectors = <f64>(<i32>(stride >>> 4));
  for (let row = 0; row < rows; row++) {
    const x0 = logitsOf(list, row, atoms, logits);
    // The largest; and a copy that ends in −∞, so that what follows knows whole vectors alone.
    let most = f32x4.splat(-Infinity), i: usize = 0;
    for (; i < whole; i += 16) {
      const x = v128.load(x0 + i);
      v128.store(exps + i, x);
      most = f32x4.pmax(most, x);
    }
    if (rest) {
      const x = v128.bitselect(v128.load(x0 + i), f32x4.splat(-Infinity), first(rest));
      v128.store(exps + i, x);
      most = f32x4.pmax(most, x);
    }
    most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
    most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
    // Of each lane the sum, and the sum of the sums so far: each term as often as there are vectors from it on.
    let sumLow = f64x2.splat(0), sumHigh = sumLow, sumsLow = sumLow, sumsHigh = sumLow;
    for (i = 0; i < stride; i += 16) {
      const e = exp(f32x4.sub(v128.load(exps + i), most));
      v128.store(exps + i, e);
      sumLow = f64x2.add(sumLow, low(e));
      sumHigh = f64x2.add(sumHigh, high(e));
      sumsLow = f64x2.add(sumsLow, sumLow);
      sumsHigh = f64x2.add(sumsHigh, sumHigh);
    }
    const sum = f64x2.add(sumLow, sumHigh), sums = f64x2.add(sumsLow, sumsHigh), total = sum2(sum);
    store<f64>(statistics, total);
    store<f64>(statistics, 4 * (vectors * total - sum2(sums)) + f64x2.extract_lane(sum, 1) + 2 * sum2(sumHigh), 8);
    store<f64>(statistics, f32x4.extract_lane(most, 0), 16);
    exps += stride;
    statistics += 64;
  }
}

/**
 * After {@link softmax}, with masses m: puts `scale · (eᵢ / Σ e − mᵢ)` into the listed rows of `gradient`, the scale being the fourth of the statistics,
 * and adds to these Σ mᵢ, Σ mᵢ (max x − xᵢ) and Σ mᵢ log mᵢ. Rows are listed in rising order; of the row behind each the first numbers become 0.
 */
export function crossEntropy(rows: i32, atoms: i32, logits: usize, list: usize, exps: usize, stride: usize, masses: usize, gradient: usize, statistics: usize): void {
  for (let row = 0; row < rows; row++) {
    const x0 = logitsOf(list, row, atoms, logits), g = logitsOf(list, row, atoms, gradient);
    const scale = load<f64>(statistics, 24);
    const scales = f32x4.splat(<f32>scale), normalised = f32x4.splat(<f32>(scale / load<f64>(statistics)));
    const most = f32x4.splat(<f32>load<f64>(statistics, 16));
    let total = f64x2.splat(0), distance = total, entropy = total, left = atoms;
    for (let i: usize = 0; i < stride; i += 16, left -= 4) {
      const within = first(left), m = v128.and(v128.load(masses + i), within);
      const d = v128.and(f32x4.mul(m, f32x4.sub(most, v128.load(x0 + i))), within);
      const h = f32x4.mul(m, log(m));
      v128.store(g + i, f32x4.sub(f32x4.mul(v128.load(exps + i), normalised), f32x4.mul(m, scales)));
      total = f64x2.add(total, f64x2.add(low(m), high(m)));
      distance = f64x2.add(distance, f64x2.add(low(d), high(d)));
      entropy = f64x2.add(entropy, f64x2.add(low(h), high(h)));
    }
    store<f64>(statistics, sum2(total), 32);
    store<f64>(statistics, sum2(distance), 40);
    store<f64>(statistics, sum2(entropy), 48);
    masses += <usize>atoms << 2;
    exps += stride;
    statistics += 64;
  }
}

/** From this step on atoms land one place further each, as a rule, and are moved by vectors. */
const MIN_STEP: f64 = 0.75;

/**
 * Adds to `out`, places 0 … last, the masses `scale · mᵢ`, each split between the two neighbours of `origin + step · i` (step in [0, 1]) or, beyond the
 * ends, put there. Gives the mass that lay more than 1e-6 beyond. Reads 4 bytes before the masses; zeros may be added up to 12 bytes behind `out`.
 */
export function project(count: i32, last: i32, masses: usize, scale: f64, origin: f64, step: f64, out: usize): f64 {
  const end = <f64>last, slope = 1 - step, scales = f32x4.splat(<f32>scale), slopes = f32x4.splat(<f32>slope);
  let clipped: f64 = 0, i = 0;
  while (i < count) {
    const from = masses + (<usize>i << 2);
    const wanted = origin + step * <f64>i, position = min(max(wanted, 0), end), place = min(<i32>position, last - 1);
    const share = position - <f64>place, to = out + (<usize>place << 2);
    if (wanted != position || step < MIN_STEP) {
      const mass = scale * <f64>load<f32>(from);
      if (abs(wanted - position) > 1e-6) clipped += mass;
      store<f32>(to, <f32>(<f64>load<f32>(to) + (mass - mass * share)));
      store<f32>(to, <f32>(<f64>load<f32>(to, 4) + mass * share), 4);
      i++;
      continue;
    }
    // This atom and those behind it that land one place further each: of each the share that goes to the upper neighbour falls by the slope.
    const room = min(count - i, last - place);
    const run = share < slope * <f64>room ? <i32>(share / slope) + 1 : room;
    const runs = i32x4.splat(run), shares = f32x4.splat(<f32>share);
    let index = i32x4(0, 1, 2, 3);
    for (let j: usize = 0; j <= <usize>run << 2; j += 16) {
      const before = i32x4.sub(index, i32x4.splat(1));
      // What is not of this run becomes 0, even where the scale is NaN.
      const low = v128.and(f32x4.mul(scales, v128.load(from + j)), i32x4.lt_u(index, runs));
      const high = v128.and(f32x4.mul(scales, v128.load(from + j - 4)), i32x4.lt_u(before, runs));
      const up = f32x4.pmax(f32x4.sub(shares, f32x4.mul(slopes, f32x4.convert_i32x4_s(index))), f32x4.splat(0));
      const upBefore = f32x4.pmax(f32x4.sub(shares, f32x4.mul(slopes, f32x4.convert_i32x4_s(before))), f32x4.splat(0));
      const sum = f32x4.add(f32x4.sub(low, f32x4.mul(low, up)), f32x4.mul(high, upBefore));
      v128.store(to + j, f32x4.add(v128.load(to + j), sum));
      index = i32x4.add(index, i32x4.splat(4));
    }
    i += run;
  }
  return clipped;
}

/** The first byte that the host may use. */
export function base(): usize {
  return (__heap_base + 63) & ~63;
}
