import type { Support } from '../arbitraries/values.ts';

/**
 * The projection of C51 in double precision, by its definition and not by its algorithm: atom i receives
 * `Σ_j [1 − |clip(r + γ z_j, vMin, vMax) − z_i| / Δz] clipped to [0, 1] · p_j` (Bellemare et al. 2017, eq. 7).
 * @param probabilities - p_j `[atoms]` of the next state's distribution.
 * @param discount - γⁿ, or 0 where the episode terminated.
 */
export function naiveProjection(
  { atoms, vMin, vMax }: Support,
  probabilities: ArrayLike<number>,
  reward: number,
  discount: number,
): Float64Array {
  const delta = (vMax - vMin) / (atoms - 1);
  const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
  return Float64Array.from({ length: atoms }, (_, i) =>
    Array.from(probabilities).reduce((sum, p, j) => {
      const moved = clip(reward + discount * (vMin + j * delta), vMin, vMax);
      return sum + clip(1 - Math.abs(moved - (vMin + i * delta)) / delta, 0, 1) * p;
    }, 0),
  );
}

/**
 * The loss of quantile regression in double precision: `Σ_i mean_j |τ_i − 1{u_ij < 0}| L_κ(u_ij) / κ`, `u_ij = target_j − θ_i`, with the Huber loss
 * L_κ; for κ = 0 `|τ_i − 1{u < 0}| |u|` (Dabney et al. 2018a, eqs. 9, 10; divided by κ as in 2018b, eq. 3).
 * @param quantiles - θ_i `[N]`.
 * @param targets - `[N']`.
 * @param fractions - τ_i `[N]` at which the quantiles stand.
 * @param kappa - κ, at least 0. Default 1.
 * @returns the loss and its gradient with respect to θ; where `u = 0` the one from above.
 */
export function naiveQuantileHuber(
  quantiles: ArrayLike<number>,
  targets: ArrayLike<number>,
  fractions: ArrayLike<number>,
  kappa = 1,
): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(quantiles.length);
  let loss = 0;
  for (let i = 0; i < quantiles.length; i++) {
    for (let j = 0; j < targets.length; j++) {
      const u = targets[j] - quantiles[i];
      const size = Math.abs(u);
      const share = Math.abs(fractions[i] - (u < 0 ? 1 : 0)) / targets.length;
      const inside = size <= kappa;
      loss += share * (kappa === 0 ? size : inside ? (0.5 * u * u) / kappa : size - 0.5 * kappa);
      gradient[i] -= share * (inside && kappa > 0 ? u / kappa : Math.sign(u));
    }
  }
  return { loss, gradient };
}
