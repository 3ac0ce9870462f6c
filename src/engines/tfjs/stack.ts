import type { Tensor } from '@tensorflow/tfjs-core';
import type { Passed, TfjsLayer } from './layer.ts';

/** Layers one after the other, as one layer. Without any it passes its inputs on. */
export function stackLayers(layers: readonly TfjsLayer[]): TfjsLayer {
  return {
    parameters: layers.flatMap(({ parameters }) => parameters),
    forward(weights, x, pass) {
      const passed: Passed[] = [];
      let outputs = x;
      for (const layer of layers) {
        const each = layer.forward(weights, outputs, pass);
        passed.push(each);
        outputs = each.outputs;
      }
      return {
        outputs,
        backward(d, wantsInput) {
          const parts: Tensor[][] = [];
          let input: Tensor | undefined = d;
          for (let i = passed.length - 1; i >= 0; i--) {
            const gradient = passed[i].backward(input as Tensor, wantsInput || i > 0);
            parts.unshift([...gradient.parameters]);
            ({ input } = gradient);
          }
          return { parameters: parts.flat(), input };
        },
      };
    },
  };
}
