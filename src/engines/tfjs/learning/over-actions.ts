import type { Tensor } from '@tensorflow/tfjs-core';
import { lengthOf, multiply, reshape, scalar, sum } from '../ops.ts';

/**
 * Outputs weighed over actions, `Σ_a shares[b, a] · outputs[b, a, i]`: of the action taken, or of a policy. By products and sums rather than products of matrices, which
 * CUDA may round to half of single precision's digits.
 * @param shares - `[R, A]`.
 * @param outputs - `[R, A, W]` or `[1, A, W]`.
 * @returns `[R, W]`.
 */
export function overActions(shares: Tensor, outputs: Tensor): Tensor {
  const [rows, actions] = shares.shape;
  const width = lengthOf(outputs, 2);
  return reshape(sum(multiply(reshape(shares, [rows, actions, 1]), outputs), 1), [rows, width]);
}

/** {@link overActions} of outputs `[R, N, A]`: `[R, N]`. */
export function overLastActions(shares: Tensor, outputs: Tensor): Tensor {
  const [rows, count, actions] = outputs.shape;
  return reshape(sum(multiply(reshape(shares, [rows, 1, actions]), outputs), 2), [rows, count]);
}

/** `[R, A · W]`: numbers `[R, W]` at the action taken, zeros at the others. */
export function atActions(taken: Tensor, x: Tensor): Tensor {
  const [rows, actions, width] = [lengthOf(taken, 0), lengthOf(taken, 1), lengthOf(x, 1)];
  return reshape(multiply(reshape(taken, [rows, actions, 1]), reshape(x, [rows, 1, width])), [rows, actions * width]);
}

/** {@link atActions} for numbers `[R, N]` of outputs `[R, N, A]`: `[R, N · A]`. */
export function atLastActions(taken: Tensor, x: Tensor): Tensor {
  const [rows, actions, count] = [lengthOf(taken, 0), lengthOf(taken, 1), lengthOf(x, 1)];
  return reshape(multiply(reshape(taken, [rows, 1, actions]), reshape(x, [rows, count, 1])), [rows, count * actions]);
}

/** The mean along the last axis, which stays with length 1. */
export function meanOfRows(x: Tensor): Tensor {
  const axis = x.shape.length - 1;
  return multiply(sum(x, axis), scalar(1 / lengthOf(x, axis)));
}
