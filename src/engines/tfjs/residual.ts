import type { ResidualSpec } from '../../networks/spec.ts';
import { activate, derive, needsArgument } from './activation.ts';
import type { TfjsLayer } from './layer.ts';
import { add } from './ops.ts';

/** `y = activation(x + layers(x))`. */
export function residualLayer({ activation = 'linear' }: ResidualSpec, layers: TfjsLayer): TfjsLayer {
  return {
    parameters: layers.parameters,
    forward(weights, x, pass) {
      const change = layers.forward(weights, x, pass);
      const z = add(x, change.outputs);
      const y = activate(activation, z);
      const from = pass.keep(needsArgument(activation) ? z : y);
      return {
        outputs: y,
        backward(dy, wantsInput) {
          const d = derive(activation, from, dy);
          const { parameters, input } = change.backward(d, wantsInput);
          return { parameters, input: input && add(d, input) };
        },
      };
    },
  };
}
