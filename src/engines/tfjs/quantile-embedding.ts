import type { Tensor } from '@tensorflow/tfjs-core';
import type { ParameterInfo } from '../../networks/plan.ts';
import type { ImplicitQuantilesSpec, ProposedQuantilesSpec } from '../../networks/spec.ts';
import { passDense } from './dense.ts';
import type { Foundation } from './foundation.ts';
import { type Gradient, type Pass, type Weights, weightsOf } from './layer.ts';
import { add, cos, multiply, reshape, round, scalar, subtract, sum } from './ops.ts';

/** Numbers of at least 2⁻¹² keep that many bits when this is added and taken away again. */
const SPLIT = 3072;

/** What an embedding gives for a pass. */
export interface Embedded {
  /** `x ⊙ φ(τ)` `[rows · times, K]`: the products of each row with its fractions, one after the other. */
  readonly products: Tensor;
  backward(d: Tensor, wantsInput: boolean): Gradient;
}

/** Inputs times embedded fractions, one row for each of both. */
export interface QuantileEmbedding {
  readonly parameters: readonly ParameterInfo[];
  /** @param fractions - `[rows · times, 1]`. */
  forward(weights: Weights, x: Tensor, fractions: Tensor, pass: Pass): Embedded;
}

/** `x ⊙ φ(τ)`, `φ(τ) = activation(Σ_i cos(π i τ) W_i + b)`. */
export function quantileEmbedding(
  foundation: Foundation,
  { activation = 'relu' }: ImplicitQuantilesSpec | ProposedQuantilesSpec,
  parameters: readonly ParameterInfo[],
): QuantileEmbedding {
  const [cosines, width] = parameters[0].shape;
  const { products } = foundation;
  const counts = foundation.constant(
    Float32Array.from({ length: cosines }, (_, i) => i),
    [1, cosines],
  );

  /** `cos(π i τ)` `[rows, cosines]`. */
  const features = (fractions: Tensor): Tensor => {
    // In two parts, of which the product of i and the first is exact: the error of i · τ would be as large as i.
    const split = scalar(SPLIT);
    const high = subtract(add(fractions, split), split);
    const whole = multiply(counts, high);
    const nearest = multiply(round(multiply(whole, scalar(0.5))), scalar(2));
    const distance = add(subtract(whole, nearest), multiply(counts, subtract(fractions, high)));
    return cos(multiply(distance, scalar(Math.PI)));
  };

  return {
    parameters,
    forward(weights, x, fractions, pass) {
      const [rows] = x.shape;
      const times = fractions.shape[0] / rows;
      const embedding = passDense(products, activation, features(fractions), weightsOf(weights, parameters), pass);
      const factors = pass.keep(reshape(embedding.outputs, [rows, times, width]));
      const inputs = pass.keep(reshape(x, [rows, 1, width]));
      return {
        products: reshape(multiply(inputs, factors), [rows * times, width]),
        backward(dProducts, wantsInput) {
          const d = reshape(dProducts, [rows, times, width]);
          const ofEmbedding = embedding.backward(reshape(multiply(d, inputs), [rows * times, width]), false);
          const input = wantsInput ? reshape(sum(multiply(d, factors), 1), [rows, width]) : undefined;
          return { parameters: ofEmbedding.parameters, input };
        },
      };
    },
  };
}
