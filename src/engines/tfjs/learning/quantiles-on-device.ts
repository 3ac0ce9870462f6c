import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { ImplicitQuantileHead } from '../../../heads/implicit-quantile.ts';
import type { QuantileHead } from '../../../heads/quantile.ts';
import { add, lengthOf, multiply, reshape, scalar, slice, subtract, sum } from '../ops.ts';
import type { DeviceHead } from './device-head.ts';
import { atActions, atLastActions, meanOfRows, overActions, overLastActions } from './over-actions.ts';
import { regressQuantiles } from './quantile-regression-on-device.ts';

/** {@link QuantileHead} as tensor operations. */
export function quantileOnDevice({ width, kappa }: QuantileHead): DeviceHead {
  const byAction = (outputs: Tensor): Tensor => {
    const rows = lengthOf(outputs, 0);
    return reshape(outputs, [rows, outputs.size / (rows * width), width]);
  };
  const midpoints = Float32Array.from({ length: width }, (_, i) => (i + 0.5) / width);
  return {
    qValues(outputs) {
      const values = byAction(outputs);
      return reshape(meanOfRows(values), [lengthOf(values, 0), lengthOf(values, 1)]);
    },
    targets: ({ rewards, discounts, nextOutputs, nextPolicy }) =>
      add(rewards, multiply(discounts, overActions(nextPolicy, byAction(nextOutputs)))),
    loss({ outputs, taken, targets, scales }) {
      const values = overActions(taken, byAction(outputs));
      const fractions = tensor(midpoints, [1, width]);
      const { losses, gradient } = regressQuantiles({ values, fractions, targets, kappa, scales });
      const estimates = meanOfRows(values);
      return { gradient: atActions(taken, gradient), losses, tdErrors: subtract(meanOfRows(targets), estimates), estimates };
    },
  };
}

/** {@link ImplicitQuantileHead} as tensor operations. */
export function implicitQuantileOnDevice({ targetWidth, kappa }: ImplicitQuantileHead, actions: number): DeviceHead {
  const byFraction = (outputs: Tensor): Tensor => {
    const rows = lengthOf(outputs, 0);
    return reshape(outputs, [rows, outputs.size / (rows * actions), actions]);
  };
  return {
    split(nextOutputs) {
      const [rows, width] = [lengthOf(nextOutputs, 0), lengthOf(nextOutputs, 1)];
      const ofTarget = targetWidth * actions;
      return {
        target: slice(nextOutputs, [0, 0], [rows, ofTarget]),
        act: slice(nextOutputs, [0, ofTarget], [rows, width - ofTarget]),
      };
    },
    qValues(outputs) {
      const values = byFraction(outputs);
      const [rows, count] = [lengthOf(values, 0), lengthOf(values, 1)];
      return reshape(multiply(sum(values, 1), scalar(1 / count)), [rows, actions]);
    },
    targets: ({ rewards, discounts, nextOutputs, nextPolicy }) =>
      add(rewards, multiply(discounts, overLastActions(nextPolicy, byFraction(nextOutputs)))),
    loss({ outputs, taken, targets, scales, fractions }) {
      const values = overLastActions(taken, byFraction(outputs));
      const { losses, gradient } = regressQuantiles({ values, fractions: fractions as Tensor, targets, kappa, scales });
      const estimates = meanOfRows(values);
      return { gradient: atLastActions(taken, gradient), losses, tdErrors: subtract(meanOfRows(targets), estimates), estimates };
    },
  };
}
