import { checkPolicy, type PolicyNetwork } from './policy.ts';

/** A matrix in whole numbers of 8 bits: `w[k, n] ≈ scales[n] · steps[k, n]`. */
export interface QuantizedMatrix {
  /** `[N]`. */
  readonly scales: Float32Array;
  /** `[K, N]`, in −127 … 127. */
  readonly steps: Int8Array;
}

/**
 * A matrix `[K, N]` in 8 bits, symmetric, with a scale for each of its N outputs: `scale = max_k |w[k, n]| / 127`, `step = round(w / scale)`
 * (Jacob et al. 2018, with scales by channel as in Krishnamoorthi 2018, section 3.1).
 */
export function quantized(values: Float32Array, outputs: number): QuantizedMatrix {
  const scales = new Float32Array(outputs);
  for (let i = 0; i < values.length; i++) scales[i % outputs] = Math.max(scales[i % outputs], Math.abs(values[i]));
  for (let n = 0; n < outputs; n++) scales[n] /= 127;
  // A scale of 0 stands for nothing but zeros; of a tiny number the quotient may be a little more than 127.
  const step = (value: number, scale: number): number =>
    scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale)));
  return { scales, steps: Int8Array.from(values, (value, i) => step(value, scales[i % outputs])) };
}

/**
 * A policy whose weights are those of 8 bits: what `exportPolicy` with `bits: 8` gives, to be measured before it is shipped (`loadPolicy(writePolicy(quantizeWeights(policy)), environment)`).
 * Matrices and filters are rounded, one scale an output or filter; biases, gains and offsets are as they were.
 * @throws DqnError as `writePolicy`.
 */
export function quantizeWeights(policy: PolicyNetwork): PolicyNetwork {
  checkPolicy('quantizeWeights(policy)', policy);
  const weights = policy.weights.map((tensor) => {
    const { shape, values } = tensor;
    if (shape.length < 2) return tensor;
    const outputs = shape[shape.length - 1];
    const { scales, steps } = quantized(values, outputs);
    return { ...tensor, values: Float32Array.from(steps, (step, i) => step * scales[i % outputs]) };
  });
  return { ...policy, weights };
}
