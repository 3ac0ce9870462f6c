import { maskedArgmax } from './greedy.ts';

/**
 * Writes the Boltzmann policy `π(a | s) = exp(Q(s, a) / τ) / Σ_a' exp(Q(s, a') / τ)` over the possible actions, and its entropy
 * `H(π) = −Σ_a π log π` in nats. A state without a possible action gets a row of zeros and no entropy. Nothing overflows; a value that is NaN
 * or infinitely large makes its row NaN, so that it is seen.
 *
 * @param qValues - `[B, A]`.
 * @param masks - `[B, A]`: 1 where an action is possible, or undefined where all are.
 * @param temperature - τ above 0.
 * @param policy - `[B, A]`, π.
 * @param entropies - `[B]`, H.
 */
export function softmaxPolicy(
  qValues: Float32Array,
  batch: number,
  actions: number,
  masks: Uint8Array | undefined,
  temperature: number,
  policy: Float32Array,
  entropies: Float32Array,
): void {
  for (let b = 0; b < batch; b++) {
    const offset = b * actions;
    const end = offset + actions;
    const best = maskedArgmax(qValues, offset, actions, masks);
    // Against the largest value every exponent x is at most 0, and the total at least 1.
    const largest = best < 0 ? 0 : qValues[offset + best];
    let total = 0;
    let weighted = 0;
    for (let i = offset; i < end; i++) {
      let weight = 0;
      if (masks === undefined || masks[i] !== 0) {
        const x = (qValues[i] - largest) / temperature;
        weight = Math.exp(x);
        total += weight;
        if (weight !== 0) weighted += weight * x;
      }
      policy[i] = weight;
    }
    if (best < 0) {
      entropies[b] = 0;
      continue;
    }
    // What is impossible stays 0 where the total is NaN.
    for (let i = offset; i < end; i++) if (policy[i] !== 0) policy[i] /= total;
    entropies[b] = Math.log(total) - weighted / total; // −Σ π (x − log total)
  }
}

/**
 * `τ log π(a | s) = Q(s, a) − max Q(s, ·) − τ log Σ_a' exp((Q(s, a') − max Q(s, ·)) / τ)`: the logarithm of the Boltzmann policy of
 * {@link softmaxPolicy}, all actions possible, times its temperature, without a logarithm of a small number. At most 0.
 *
 * @param qValues - action values; those at `offset … offset + actions − 1` are looked at.
 * @param temperature - τ above 0.
 */
export function scaledLogSoftmax(
  qValues: Float32Array,
  offset: number,
  actions: number,
  action: number,
  temperature: number,
): number {
  const largest = qValues[offset + maskedArgmax(qValues, offset, actions)];
  let total = 0;
  for (let i = offset; i < offset + actions; i++) total += Math.exp((qValues[i] - largest) / temperature);
  return qValues[offset + action] - largest - temperature * Math.log(total);
}
