import { sizeOf } from '../../networks/plan.ts';
import type { RandomPriorSpec } from '../../networks/spec.ts';
import type { TfjsLayer } from './layer.ts';
import { add, fill, multiply, scalar } from './ops.ts';

/** `y = layers(x) + scale · prior(x)`, of which the prior never learns. */
export function randomPriorLayer({ scale = 1 }: RandomPriorSpec, layers: TfjsLayer, prior: TfjsLayer): TfjsLayer {
  const priorSize = prior.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    parameters: [...layers.parameters, ...prior.parameters],
    forward(weights, x, pass) {
      const passed = layers.forward(weights, x, pass);
      const constant = prior.forward(weights, x, { ...pass, noise: undefined, keep: (tensor) => tensor });
      return {
        outputs: add(passed.outputs, multiply(constant.outputs, scalar(scale))),
        backward(d, wantsInput) {
          const { parameters, input } = passed.backward(d, wantsInput);
          return { parameters: priorSize === 0 ? parameters : [...parameters, fill([priorSize], 0)], input };
        },
      };
    },
  };
}
