/** The quantile Huber loss of one pair, ρ(u; τ), as written in the paper. */
export function quantileHuber(u: number, tau: number, kappa: number): number {
  const size = Math.abs(u);
  const huber = size <= kappa ? (0.5 * u * u) / (kappa || 1) : size - 0.5 * kappa;
  return Math.abs(tau - (u < 0 ? 1 : 0)) * huber;
}

/** ∂ρ(y − θ; τ)/∂θ, with slope 0 at a kink. */
export function quantileHuberSlope(u: number, tau: number, kappa: number): number {
  const clipped = Math.abs(u) <= kappa ? u / (kappa || 1) : Math.sign(u);
  return -Math.abs(tau - (u < 0 ? 1 : 0)) * clipped;
}

/** Σ_i mean_j ρ(y_j − θ_i; τ_i), pair by pair. */
export function quantileRegressionLoss(
  thetas: readonly number[],
  taus: ArrayLike<number>,
  targets: readonly number[],
  kappa: number,
): number {
  let total = 0;
  thetas.forEach((theta, i) => {
    for (const y of targets) total += quantileHuber(y - theta, taus[i], kappa) / targets.length;
  });
  return total;
}

/** The gradient of {@link quantileRegressionLoss} by the θ_i. */
export function quantileRegressionSlopes(
  thetas: readonly number[],
  taus: ArrayLike<number>,
  targets: readonly number[],
  kappa: number,
): number[] {
  return thetas.map((theta, i) =>
    targets.reduce((slope, y) => slope + quantileHuberSlope(y - theta, taus[i], kappa) / targets.length, 0),
  );
}
