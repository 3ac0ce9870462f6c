/**
 * Writes the Bellman targets `y = r + γ · Σ_a π(a | s') Q(s', a)` (Sutton and Barto 2018, eq. 6.9 as an expectation; with the greedy policy
 * of the same values, eq. 3 of Mnih et al. 2015; with that of other values, eq. 4 of van Hasselt et al. 2016).
 * Actions of probability 0 and transitions of discount 0 take no part, whatever their values are.
 *
 * @param rewards - `[B]`, the (n-step) reward r.
 * @param discounts - `[B]`, γⁿ, or 0 where the episode terminated.
 * @param nextQ - `[B, A]`, Q(s', a).
 * @param nextPolicy - `[B, A]`, π(a | s'); a row of zeros bootstraps nothing.
 * @param out - `[B]`, y.
 */
export function bellmanTargets(
  rewards: Float32Array,
  discounts: Float32Array,
  nextQ: Float32Array,
  nextPolicy: Float32Array,
  batch: number,
  actions: number,
  out: Float32Array,
): void {
  for (let b = 0; b < batch; b++) {
    let target = rewards[b];
    const discount = discounts[b];
    if (discount !== 0) {
      let value = 0;
      for (let i = b * actions, end = i + actions; i < end; i++) {
        const probability = nextPolicy[i];
        if (probability !== 0) value += probability * nextQ[i];
      }
      target += discount * value;
    }
    out[b] = target;
  }
}
