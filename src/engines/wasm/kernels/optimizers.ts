// Each is one pass over flat vectors of n numbers, a multiple of 4: parameters p, gradient g, and the optimiser's averages.
import { flush, fma } from './simd';

/** g ← scale · g + decay · p; p ← shrink · p: clipping and weight decay, before any of the rules below. */
export function prepare(n: i32, p: usize, g: usize, scale: f32, decay: f32, shrink: f32): void {
  const end = p + (<usize>n << 2), scales = f32x4.splat(scale), decays = f32x4.splat(decay), shrinks = f32x4.splat(shrink);
  for (; p != end; p += 16, g += 16) {
    const x = v128.load(p);
    v128.store(g, fma(decays, x, f32x4.mul(scales, v128.load(g))));
    v128.store(p, f32x4.mul(shrinks, x));
  }
}

/** v ← momentum · v + g; p ← p − rate · v. With v = 0 (no such vector) p ← p − rate · g. */
export function sgd(n: i32, p: usize, g: usize, v: usize, rate: f32, momentum: f32): void {
  const end = p + (<usize>n << 2), rates = f32x4.splat(rate), momenta = f32x4.splat(momentum);
  for (; p != end; p += 16, g += 16) {
    let step = v128.load(g);
    if (v) {
      step = flush(fma(momenta, v128.load(v), step));
      v128.store(v, step);
      v += 16;
    }
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(rates, step)));
  }
}

/**
 * s ← keep · s + rest · g²; p ← p − rate · g / (√s + epsilon). With m (not 0) centred: m ← keep · m + rest · g and
 * √(s − m² + epsilon) below. `rest` is 1 − keep, rounded once.
 */
export function rmsprop(n: i32, p: usize, g: usize, s: usize, m: usize, rate: f32, keep: f32, rest: f32, epsilon: f32): void {
  const end = p + (<usize>n << 2);
  const rates = f32x4.splat(rate), keeps = f32x4.splat(keep), rests = f32x4.splat(rest), epsilons = f32x4.splat(epsilon);
  for (; p != end; p += 16, g += 16, s += 16) {
    const step = v128.load(g);
    const square = flush(fma(keeps, v128.load(s), f32x4.mul(rests, f32x4.mul(step, step))));
    v128.store(s, square);
    let below: v128;
    if (m) {
      const mean = flush(fma(keeps, v128.load(m), f32x4.mul(rests, step)));
      v128.store(m, mean);
      m += 16;
      // Rounding may leave s − m² a little below zero.
      const variance = f32x4.pmax(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
      below = f32x4.sqrt(f32x4.add(variance, epsilons));
    } else below = f32x4.add(f32x4.sqrt(square), epsilons);
    v128.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(rates, step), below)));
  }
}

/**
 * m ← beta1 · m + rest1 · g; v ← beta2 · v + rest2 · g²; p ← p − rate · m / (√v · vScale + epsilon), where `rate` and
 * `vScale` contain the bias corrections, and `rest1` and `rest2` are 1 − beta1 and 1 − beta2, rounded once.
 */
export function adam(n: i32, p: usize, g: usize, m: usize, v: usize, rate: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32,
  vScale: f32, epsilon: f32): void {
  const end = p + (<usize>n << 2);
  const rates = f32x4.splat(rate), betas1 = f32x4.splat(beta1), rests1 = f32x4.splat(rest1), betas2 = f32x4.splat(beta2);
  const rests2 = f32x4.splat(rest2), vScales = f32x4.splat(vScale), epsilons = f32x4.splat(epsilon);
  for (; p != end; p += 16, g += 16, m += 16, v += 16) {
    const step = v128.load(g);
    const mean = flush(fma(betas1, v128.load(m), f32x4.mul(rests1, step)));
    const square = flush(fma(betas2, v128.load(v), f32x4.mul(rests2, f32x4.mul(step, step))));
    v128.store(m, mean);
    v128.store(v, square);
    const below = fma(f32x4.sqrt(square), vScales, epsilons);
    v128.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(rates, mean), below)));
  }
}
