import type { LayerPlan } from '../networks/plan.ts';
import type { Activation } from '../networks/spec.ts';

/** The activations in double precision. */
const ACTIVATE: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  leakyRelu: (z) => (z < 0 ? 0.01 * z : z),
  elu: (z) => (z < 0 ? Math.expm1(z) : z),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  silu: (z) => z / (1 + Math.exp(-z)),
};

/**
 * `φ(τ)` `[fractions, inputs]` of a layer of implicit quantiles at fixed fractions, which is then a constant: `φ(τ) = activation(Σ_i cos(π i τ) W_i + b)`.
 */
export function quantileEmbedding(
  { spec, parameters }: LayerPlan,
  weights: ReadonlyMap<string, Float32Array>,
  fractions: Float32Array,
): { readonly shape: readonly [number, number]; readonly values: Float32Array } {
  const [weight, bias] = parameters.map(({ name }) => weights.get(name) as Float32Array);
  const [cosines, inputs] = parameters[0].shape;
  const activate = ACTIVATE[('activation' in spec ? spec.activation : undefined) ?? 'relu'];
  const values = new Float32Array(fractions.length * inputs);
  for (let f = 0; f < fractions.length; f++) {
    for (let k = 0; k < inputs; k++) {
      let sum = bias[k];
      for (let i = 0; i < cosines; i++) sum += Math.cos(Math.PI * i * fractions[f]) * weight[i * inputs + k];
      values[f * inputs + k] = activate(sum);
    }
  }
  return { shape: [fractions.length, inputs], values };
}
