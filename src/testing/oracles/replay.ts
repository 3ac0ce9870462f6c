/**
 * The probabilities of proportional prioritisation, `P(i) = p_i^α / Σ_k p_k^α` (Schaul et al. 2016, eq. 1), in double precision. A priority of 0 is never
 * drawn, also with α = 0, unless all are 0: then all are drawn alike.
 * @param exponent - α.
 */
export function naivePrioritizedProbabilities(priorities: ArrayLike<number>, exponent: number): Float64Array {
  const powers = Float64Array.from(priorities, (p) => (p === 0 ? 0 : p ** exponent));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (total === 0 ? 1 / powers.length : power / total));
}

/**
 * Importance weights `w_i = (N P(i))^−β`, divided by the largest of those given (Schaul et al. 2016, section 3.4), in double precision.
 * @param probabilities - P(i) of the transitions drawn, above 0.
 * @param size - N: transitions held.
 * @param exponent - β.
 */
export function naiveImportanceWeights(probabilities: ArrayLike<number>, size: number, exponent: number): Float64Array {
  const weights = Float64Array.from(probabilities, (p) => (size * p) ** -exponent);
  const largest = Math.max(...weights);
  return weights.map((weight) => weight / largest);
}
