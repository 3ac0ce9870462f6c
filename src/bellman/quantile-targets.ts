import type { QuantileRows } from './quantile-rows.ts';

/**
 * Writes the quantiles of Bellman targets, `y_j = r + γ Σ_a π(a | s') θ_j(s', a)` (Dabney et al. 2018a, algorithm 1, line 4). All of π on one action
 * gives the quantiles of that action's return exactly; for a stochastic policy quantiles are averaged at equal fractions, which gives the
 * mixture's mean, though not its shape. Actions of probability 0 and transitions of discount 0 take no part, whatever their values are.
 *
 * @param rewards - `[B]`, the (n-step) reward r.
 * @param discounts - `[B]`, γⁿ, or 0 where the episode terminated.
 * @param next - where θ_j(s', a) lies among `nextOutputs`.
 * @param nextPolicy - `[B, A]`, π(a | s'); a row of zeros bootstraps nothing.
 * @param out - `y_j` of sample b at `b · outStride + j`.
 */
export function quantileTargets(
  rewards: Float32Array,
  discounts: Float32Array,
  nextOutputs: Float32Array,
  next: QuantileRows,
  nextPolicy: Float32Array,
  batch: number,
  actions: number,
  out: Float32Array,
  outStride: number,
): void {
  const { count, rowSize, actionStride, quantileStride } = next;
  for (let b = 0; b < batch; b++) {
    const reward = rewards[b];
    const discount = discounts[b];
    for (let j = 0; j < count; j++) {
      let target = reward;
      if (discount !== 0) {
        let value = 0;
        for (let a = 0; a < actions; a++) {
          const probability = nextPolicy[b * actions + a];
          if (probability !== 0) value += probability * nextOutputs[b * rowSize + a * actionStride + j * quantileStride];
        }
        target += discount * value;
      }
      out[b * outStride + j] = target;
    }
  }
}
