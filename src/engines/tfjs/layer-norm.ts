import type { LayerPlan } from '../../networks/plan.ts';
import { sizeOf } from '../../networks/plan.ts';
import type { LayerNormSpec } from '../../networks/spec.ts';
import { activate, derive, needsArgument } from './activation.ts';
import { type TfjsLayer, weightsOf } from './layer.ts';
import { add, multiply, reshape, rsqrt, scalar, square, subtract, sum } from './ops.ts';

/** `y = activation((x − mean) / √(variance + epsilon) · gain + offset)` over the features of each row. */
export function layerNormLayer({ spec, parameters, inputShape }: LayerPlan<LayerNormSpec>): TfjsLayer {
  const { epsilon = 1e-5, activation = 'linear' } = spec;
  const size = sizeOf(inputShape);
  return {
    parameters,
    forward(weights, x, pass) {
      const [gain, offset] = weightsOf(weights, parameters);
      const share = scalar(1 / size);
      const centred = subtract(x, multiply(sum(x, 1), share));
      const variance = multiply(sum(square(centred), 1), share);
      const inverse = pass.keep(rsqrt(add(variance, scalar(epsilon))));
      const hat = pass.keep(multiply(centred, inverse));
      const z = add(multiply(hat, gain), offset);
      const y = activate(activation, z);
      const from = pass.keep(needsArgument(activation) ? z : y);
      return {
        outputs: y,
        backward(dy, wantsInput) {
          const d = derive(activation, from, dy);
          const parts = [reshape(sum(multiply(d, hat), 0), [size]), reshape(sum(d, 0), [size])];
          if (!wantsInput) return { parameters: parts, input: undefined };
          const n = scalar(1 / size);
          const scaled = multiply(d, gain);
          const mean = multiply(sum(scaled, 1), n);
          const alongHat = multiply(sum(multiply(scaled, hat), 1), n);
          const input = multiply(inverse, subtract(subtract(scaled, mean), multiply(hat, alongHat)));
          return { parameters: parts, input };
        },
      };
    },
  };
}
