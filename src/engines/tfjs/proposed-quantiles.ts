import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '../../networks/plan.ts';
import type { ProposedQuantilesSpec } from '../../networks/spec.ts';
import { passDense } from './dense.ts';
import type { Foundation } from './foundation.ts';
import { type TfjsLayer, weightsOf } from './layer.ts';
import { concat, lengthOf, matMul, reshape, slice, softmax } from './ops.ts';
import type { QuantileEmbedding } from './quantile-embedding.ts';

/** `[N, 2N − 1]`: what probabilities are multiplied by to give `[τ̂_0 … τ̂_{N−1}, τ_1 … τ_{N−1}]`. */
function summation(n: number): Float32Array {
  const matrix = new Float32Array(n * (2 * n - 1));
  for (let j = 0; j < n; j++) {
    const row = matrix.subarray(j * (2 * n - 1));
    for (let i = j; i < n; i++) row[i] = i === j ? 0.5 : 1;
    for (let i = j + 1; i < n; i++) row[n + i - 1] = 1;
  }
  return matrix;
}

/** `y = [values at τ̂_0 … τ̂_{N−1}, values at τ_1 … τ_{N−1}, logits]` with the fractions of softmax(logits), `logits = x · P + c`. */
export function proposedQuantilesLayer(
  foundation: Foundation,
  { spec, parameters }: LayerPlan<ProposedQuantilesSpec>,
  embedding: QuantileEmbedding,
  layers: TfjsLayer,
): TfjsLayer {
  const { fractions: n } = spec;
  const times = 2 * n - 1;
  const proposal = parameters.slice(2);
  const sums = foundation.constant(summation(n), [n, times]);
  return {
    parameters: [...parameters, ...layers.parameters],
    forward(weights, x, pass) {
      const [rows] = x.shape;
      const proposed = passDense(foundation.products, 'linear', x, weightsOf(weights, proposal), pass);
      const fractions = matMul(softmax(proposed.outputs), sums);
      const embedded = embedding.forward(weights, x, reshape(fractions, [rows * times, 1]), pass);
      const values = layers.forward(weights, embedded.products, pass);
      const width = lengthOf(values.outputs, 1);
      return {
        outputs: concat([reshape(values.outputs, [rows, times * width]), proposed.outputs], 1),
        backward(d, wantsInput) {
          const dValues = reshape(slice(d, [0, 0], [rows, times * width]), [rows * times, width]);
          const ofLayers = values.backward(dValues, true);
          const ofEmbedding = embedded.backward(ofLayers.input as Tensor, wantsInput);
          // The gradient of the logits stops at P and c: none for the inputs.
          const ofProposal = proposed.backward(slice(d, [0, times * width], [rows, n]), false);
          return {
            parameters: [...ofEmbedding.parameters, ...ofProposal.parameters, ...ofLayers.parameters],
            input: ofEmbedding.input,
          };
        },
      };
    },
  };
}
