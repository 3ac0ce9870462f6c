import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { CategoricalHead } from '../../../heads/categorical.ts';
import {
  abs,
  add,
  divide,
  equal,
  exp,
  lengthOf,
  log,
  max,
  maximum,
  minimum,
  multiply,
  relu,
  reshape,
  scalar,
  softmax,
  subtract,
  sum,
  toNumbers,
} from '../ops.ts';
import type { DeviceHead } from './device-head.ts';
import { atActions, overActions } from './over-actions.ts';

/** Below every mass whose logarithm counts. */
const TINY = 1e-30;

/** {@link CategoricalHead} as tensor operations. */
export function categoricalOnDevice({ settings: { atoms, vMin, vMax } }: CategoricalHead): DeviceHead {
  const spacing = (vMax - vMin) / (atoms - 1);
  const last = atoms - 1;
  /** 0 … W − 1, `[1, W]`. */
  const indices = (): Tensor =>
    tensor(
      Float32Array.from({ length: atoms }, (_, i) => i),
      [1, atoms],
    );
  const byAction = (outputs: Tensor): Tensor => {
    const rows = lengthOf(outputs, 0);
    return reshape(outputs, [rows, outputs.size / (rows * atoms), atoms]);
  };
  /** The mean of distributions along the last axis, `[…, 1]`. */
  const mean = (p: Tensor): Tensor => add(multiply(sum(multiply(p, indices()), p.shape.length - 1), scalar(spacing)), scalar(vMin));
  return {
    qValues(outputs) {
      const logits = byAction(outputs);
      return reshape(mean(softmax(logits)), [lengthOf(logits, 0), lengthOf(logits, 1)]);
    },
    targets({ rewards, discounts, nextOutputs, nextPolicy }) {
      const rows = lengthOf(rewards, 0);
      // Where nothing is bootstrapped the mixture is all at one atom, and the discount 0: then all lands at the reward.
      const none = toNumbers(equal(sum(nextPolicy, 1), scalar(0)));
      const discount = multiply(discounts, subtract(scalar(1), none));
      const atFirst = toNumbers(equal(indices(), scalar(0)));
      const mixture = add(overActions(nextPolicy, softmax(byAction(nextOutputs))), multiply(none, atFirst));
      // In units of the spacing, counted from vMin: where the j-th atom lands, `[R, W, 1]`.
      const origin = multiply(add(rewards, multiply(subtract(discount, scalar(1)), scalar(vMin))), scalar(1 / spacing));
      const positions = minimum(maximum(add(origin, multiply(discount, indices())), scalar(0)), scalar(last));
      // Each gives the atoms around it shares by closeness, `max(0, 1 − |position − i|)`: exactly what the core adds, atom by atom.
      const distances = abs(subtract(reshape(positions, [rows, atoms, 1]), reshape(indices(), [1, 1, atoms])));
      const shares = relu(subtract(scalar(1), distances));
      return overActions(mixture, shares);
    },
    loss({ outputs, taken, targets, scales }) {
      const logits = overActions(taken, byAction(outputs));
      const shifted = subtract(logits, max(logits, 1));
      const exps = exp(shifted);
      const totals = sum(exps, 1);
      const p = divide(exps, totals);
      const logP = subtract(shifted, log(totals));
      const losses = multiply(sum(multiply(targets, logP), 1), scalar(-1));
      const negativeEntropies = sum(multiply(targets, log(maximum(targets, scalar(TINY)))), 1);
      return {
        gradient: atActions(taken, multiply(subtract(p, targets), scales)),
        losses,
        // Rounding may leave a little less than 0.
        tdErrors: maximum(add(losses, negativeEntropies), scalar(0)),
        estimates: mean(p),
      };
    },
  };
}
