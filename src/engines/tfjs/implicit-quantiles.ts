import type { Tensor } from '@tensorflow/tfjs-core';
import type { TfjsLayer } from './layer.ts';
import type { QuantileEmbedding } from './quantile-embedding.ts';

/** `y = layers(x ⊙ φ(τ))`: a row of outputs for each of a row's fractions. */
export function implicitQuantilesLayer(embedding: QuantileEmbedding, layers: TfjsLayer): TfjsLayer {
  return {
    parameters: [...embedding.parameters, ...layers.parameters],
    forward(weights, x, pass) {
      const embedded = embedding.forward(weights, x, pass.fractions as Tensor, pass);
      const { outputs, backward } = layers.forward(weights, embedded.products, pass);
      return {
        outputs,
        backward(d, wantsInput) {
          const ofLayers = backward(d, true);
          const { parameters, input } = embedded.backward(ofLayers.input as Tensor, wantsInput);
          return { parameters: [...parameters, ...ofLayers.parameters], input };
        },
      };
    },
  };
}
