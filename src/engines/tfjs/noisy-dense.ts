import type { Tensor } from '@tensorflow/tfjs-core';
import { tensor } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '../../networks/plan.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import { passDense } from './dense.ts';
import { type TfjsLayer, weightsOf } from './layer.ts';
import { type LayerNoise, layerNoise } from './noise.ts';
import { add, concat, fill, multiply, reshape } from './ops.ts';
import type { Products } from './products.ts';

/** ε_W `[K, N]` and ε_b `[N]`. */
function noiseTensors(noise: LayerNoise, inputs: number, units: number): [weight: Tensor, bias: Tensor] {
  if (noise.kind === 'independent') return [tensor(noise.weight, [inputs, units]), tensor(noise.bias, [units])];
  const outputs = tensor(noise.outputs, [units]);
  return [multiply(tensor(noise.inputs, [inputs, 1]), reshape(outputs, [1, units])), outputs];
}

/** `y = activation(x · (W + σ_W ⊙ ε_W) + b + σ_b ⊙ ε_b)`: a dense layer whose weights are made anew for each pass. */
export function noisyDenseLayer(products: Products, { spec, parameters }: LayerPlan<NoisyDenseSpec>): TfjsLayer {
  const activation = spec.activation ?? 'linear';
  const { name } = parameters[0];
  const [inputs, units] = parameters[0].shape;
  const size = (inputs + 1) * units;
  let drawn: { readonly seed: number; readonly noise: LayerNoise } | undefined;
  return {
    parameters,
    forward(weights, x, pass) {
      const [weight, bias, weightSigma, biasSigma] = weightsOf(weights, parameters);
      const { noise: seed } = pass;
      if (seed === undefined) {
        const { outputs, backward } = passDense(products, activation, x, [weight, bias], pass);
        return {
          outputs,
          backward(d, wantsInput) {
            const means = backward(d, wantsInput);
            return { parameters: [...means.parameters, fill([size], 0)], input: means.input };
          },
        };
      }
      if (drawn?.seed !== seed) drawn = { seed, noise: layerNoise(spec, name, inputs, seed) };
      const [weightNoise, biasNoise] = noiseTensors(drawn.noise, inputs, units);
      const noise = pass.keep(concat([reshape(weightNoise, [inputs * units]), biasNoise], 0));
      const noisyWeight = pass.keep(add(weight, multiply(weightSigma, weightNoise)));
      const noisyBias = add(bias, multiply(biasSigma, biasNoise));
      const { outputs, backward } = passDense(products, activation, x, [noisyWeight, noisyBias], pass);
      return {
        outputs,
        backward(d, wantsInput) {
          const means = backward(d, wantsInput);
          const gradient = concat(means.parameters, 0);
          return { parameters: [gradient, multiply(gradient, noise)], input: means.input };
        },
      };
    },
  };
}
