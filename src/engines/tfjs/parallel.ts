import type { Tensor } from '@tensorflow/tfjs-core';
import type { TfjsLayer } from './layer.ts';
import { add, concat, lengthOf, slice } from './ops.ts';

/** `y = [branches[0](x), branches[1](x), …]`. */
export function parallelLayer(branches: readonly TfjsLayer[]): TfjsLayer {
  return {
    parameters: branches.flatMap(({ parameters }) => parameters),
    forward(weights, x, pass) {
      const passed = branches.map((branch) => branch.forward(weights, x, pass));
      const widths = passed.map(({ outputs }) => lengthOf(outputs, 1));
      return {
        outputs: concat(
          passed.map(({ outputs }) => outputs),
          1,
        ),
        backward(d, wantsInput) {
          let from = 0;
          const gradients = passed.map(({ backward }, i) => {
            const part = slice(d, [0, from], [d.shape[0], widths[i]]);
            from += widths[i];
            return backward(part, wantsInput);
          });
          return {
            parameters: gradients.flatMap(({ parameters }) => parameters),
            input: wantsInput ? gradients.map(({ input }) => input as Tensor).reduce(add) : undefined,
          };
        },
      };
    },
  };
}
