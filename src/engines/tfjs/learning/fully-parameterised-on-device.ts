import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { FullyParameterisedQuantileHead } from '../../../heads/fully-parameterised-quantile.ts';
import { add, concat, fill, lengthOf, log, maximum, multiply, reshape, scalar, slice, softmax, subtract, sum } from '../ops.ts';
import type { DeviceHead } from './device-head.ts';
import { atLastActions, overActions, overLastActions } from './over-actions.ts';
import { regressQuantiles } from './quantile-regression-on-device.ts';

/** Below every probability whose logarithm counts. */
const TINY = 1e-30;

/** {@link FullyParameterisedQuantileHead} as tensor operations. */
export function fullyParameterisedOnDevice(
  { settings: { fractions: n }, kappa, entropy }: FullyParameterisedQuantileHead,
  actions: number,
): DeviceHead {
  /** Of outputs: F(τ̂) `[R, N, A]`, F(τ) `[R, N − 1, A]`, and p `[R, N]`. */
  const read = (outputs: Tensor) => {
    const rows = lengthOf(outputs, 0);
    const part = (from: number, size: number): Tensor => slice(outputs, [0, from], [rows, size]);
    return {
      middle: reshape(part(0, n * actions), [rows, n, actions]),
      edge: reshape(part(n * actions, (n - 1) * actions), [rows, n - 1, actions]),
      p: softmax(part((2 * n - 1) * actions, n)),
    };
  };
  /** What sums `[R, rows]` to `[R, columns]`: 1 where entry (i, k) takes part. */
  const summation = (rows: number, columns: number, takesPart: (i: number, k: number) => boolean): Tensor => {
    const entries = Float32Array.from({ length: rows * columns }, (_, at) =>
      Number(takesPart(Math.floor(at / columns), at % columns)),
    );
    return tensor(entries, [1, rows, columns]);
  };
  return {
    qValues(outputs) {
      const { middle, p } = read(outputs);
      return overActions(p, middle);
    },
    targets({ rewards, discounts, nextOutputs, nextPolicy }) {
      const { middle, p } = read(nextOutputs);
      const values = overLastActions(nextPolicy, middle);
      const means = sum(multiply(p, values), 1);
      return add(rewards, multiply(discounts, concat([values, means], 1)));
    },
    loss({ outputs, taken, targets, scales }) {
      const rows = lengthOf(outputs, 0);
      const { middle, edge, p } = read(outputs);
      const values = overLastActions(taken, middle);
      const part = (x: Tensor, from: number, size: number): Tensor => slice(x, [0, from], [rows, size]);
      // τ_0 … τ_{N−1}, and their midpoints with the next ones.
      const taus = overActions(
        p,
        summation(n, n, (i, k) => i < k),
      );
      const fractions = add(taus, multiply(p, scalar(0.5)));
      const { losses, gradient } = regressQuantiles({ values, fractions, targets: part(targets, 0, n), kappa, scales });
      const estimates = sum(multiply(p, values), 1);
      // ∂W₁ / ∂τ_i, i ≥ 1; ∂τ_i / ∂logit_k = p_k (1{k < i} − τ_i).
      const doubled = multiply(overLastActions(taken, edge), scalar(2));
      const slopes = subtract(doubled, add(part(values, 1, n - 1), part(values, 0, n - 1)));
      const after = overActions(
        slopes,
        summation(n - 1, n, (i, k) => i + 1 > k),
      );
      const common = sum(multiply(slopes, part(taus, 1, n - 1)), 1);
      const logs = log(maximum(p, scalar(TINY)));
      const bonus = multiply(subtract(logs, sum(multiply(p, logs), 1)), scalar(entropy));
      const ofLogits = multiply(multiply(p, add(subtract(after, common), bonus)), scales);
      return {
        gradient: concat([atLastActions(taken, gradient), fill([rows, (n - 1) * actions], 0), ofLogits], 1),
        losses,
        tdErrors: subtract(part(targets, n, 1), estimates),
        estimates,
      };
    },
  };
}
