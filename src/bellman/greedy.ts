/**
 * The possible action of the largest value, `argmax { values[offset + a] : a possible }`: the lowest of equals; −1 where none is possible.
 * A NaN is smaller than any number, so that one is still chosen where all values are NaN.
 *
 * @param values - action values; those at `offset … offset + actions − 1` are looked at.
 * @param masks - 1 where an action is possible; that of action a lies at `maskOffset + a`. All are possible where left out.
 * @param maskOffset - where the masks of these values begin; `offset` where left out, as for masks laid out like the values.
 */
export function maskedArgmax(
  values: Float32Array,
  offset: number,
  actions: number,
  masks?: Uint8Array,
  maskOffset: number = offset,
): number {
  let best = -1;
  let bestValue = NaN;
  for (let a = 0; a < actions; a++) {
    if (masks !== undefined && masks[maskOffset + a] === 0) continue;
    const value = values[offset + a];
    if (best < 0 || value > bestValue || (bestValue !== bestValue && value === value)) {
      best = a;
      bestValue = value;
    }
  }
  return best;
}

/**
 * Writes the greedy policy `π(a | s) = 1 if a = argmax_a' Q(s, a') else 0` over the possible actions ({@link maskedArgmax});
 * a state without any gets a row of zeros.
 *
 * @param qValues - `[B, A]`.
 * @param masks - `[B, A]`, or undefined where all actions are possible.
 * @param out - `[B, A]`.
 */
export function greedyPolicy(
  qValues: Float32Array,
  batch: number,
  actions: number,
  masks: Uint8Array | undefined,
  out: Float32Array,
): void {
  out.fill(0, 0, batch * actions);
  for (let b = 0; b < batch; b++) {
    const offset = b * actions;
    const best = maskedArgmax(qValues, offset, actions, masks);
    if (best >= 0) out[offset + best] = 1;
  }
}

/**
 * Writes the ε-greedy policy `π(a | s) = ε / n + (1 − ε) · [a = argmax_a' Q(s, a')]` over the n possible actions ({@link maskedArgmax});
 * a state without any gets a row of zeros. Shapes as of {@link greedyPolicy}.
 *
 * @param epsilon - ε in [0, 1].
 */
export function epsilonGreedyPolicy(
  qValues: Float32Array,
  batch: number,
  actions: number,
  masks: Uint8Array | undefined,
  epsilon: number,
  out: Float32Array,
): void {
  for (let b = 0; b < batch; b++) {
    const offset = b * actions;
    let possible = 0;
    for (let i = offset; i < offset + actions; i++) if (masks === undefined || masks[i] !== 0) possible++;
    for (let i = offset; i < offset + actions; i++) out[i] = masks === undefined || masks[i] !== 0 ? epsilon / possible : 0;
    const best = maskedArgmax(qValues, offset, actions, masks);
    if (best >= 0) out[offset + best] += 1 - epsilon;
  }
}
