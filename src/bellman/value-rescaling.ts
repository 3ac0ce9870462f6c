/** ε of {@link rescale}: keeps its inverse Lipschitz (by 1/ε). */
const EPSILON = 1e-3;

/**
 * Squeezes returns of very different sizes into a range that a network learns easily, in place of clipping rewards:
 * `h(x) = sgn(x) (√(|x| + 1) − 1) + ε x`, ε = 10⁻³ (Pohlen et al. 2018, section 3.2; Kapturowski et al. 2019, section 2.3). Odd, increasing, and
 * a contraction: its slope lies in (ε, ½ + ε].
 */
export function rescale(x: number): number {
  return Math.sign(x) * (Math.sqrt(Math.abs(x) + 1) - 1) + EPSILON * x;
}

/**
 * The inverse of {@link rescale}: `h⁻¹(y) = sgn(y) (((√(1 + 4ε (|y| + 1 + ε)) − 1) / 2ε)² − 1)` (Pohlen et al. 2018, proposition A.2).
 */
export function inverseRescale(y: number): number {
  const root = (Math.sqrt(1 + 4 * EPSILON * (Math.abs(y) + 1 + EPSILON)) - 1) / (2 * EPSILON);
  return Math.sign(y) * (root * root - 1);
}

/** The slope of {@link inverseRescale}: with `s = √(1 + 4ε (|y| + 1 + ε))` it is `(s − 1) / (ε s)`. */
export function inverseRescaleSlope(y: number): number {
  const s = Math.sqrt(1 + 4 * EPSILON * (Math.abs(y) + 1 + EPSILON));
  return (s - 1) / (EPSILON * s);
}
