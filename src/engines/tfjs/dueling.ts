import type { Tensor } from '@tensorflow/tfjs-core';
import type { DuelingSpec } from '../../networks/spec.ts';
import type { TfjsLayer } from './layer.ts';
import { add, max, multiply, oneHotOfLargest, reshape, scalar, subtract, sum, transpose } from './ops.ts';

/** `y[a, w] = V[w] + A[a, w] − mean_a' A[a', w]`, or with `max` minus the largest. */
export function duelingLayer(
  { actions, width = 1, aggregation = 'mean' }: DuelingSpec,
  value: TfjsLayer,
  advantage: TfjsLayer,
): TfjsLayer {
  /** `[rows, A · W]` as `[rows, W, A]`: what is joined lies along the last axis. */
  const byOutput = (x: Tensor): Tensor => {
    const [rows] = x.shape;
    if (width === 1) return reshape(x, [rows, 1, actions]);
    return transpose(reshape(x, [rows, actions, width]), [0, 2, 1]);
  };
  const flat = (x: Tensor): Tensor => reshape(width === 1 ? x : transpose(x, [0, 2, 1]), [x.shape[0], actions * width]);
  return {
    parameters: [...value.parameters, ...advantage.parameters],
    forward(weights, x, pass) {
      const values = value.forward(weights, x, pass);
      const advantages = advantage.forward(weights, x, pass);
      const a = byOutput(advantages.outputs);
      const centre = aggregation === 'max' ? max(a, 2) : multiply(sum(a, 2), scalar(1 / actions));
      if (aggregation === 'max') pass.keep(a);
      const v = reshape(values.outputs, [x.shape[0], width, 1]);
      return {
        outputs: flat(add(a, subtract(v, centre))),
        backward(dy, wantsInput) {
          const d = byOutput(dy);
          const sums = sum(d, 2);
          const shares = aggregation === 'max' ? oneHotOfLargest(a) : scalar(1 / actions);
          const ofValue = values.backward(reshape(sums, [dy.shape[0], width]), wantsInput);
          const ofAdvantage = advantages.backward(flat(subtract(d, multiply(sums, shares))), wantsInput);
          return {
            parameters: [...ofValue.parameters, ...ofAdvantage.parameters],
            input: ofValue.input && ofAdvantage.input && add(ofValue.input, ofAdvantage.input),
          };
        },
      };
    },
  };
}
