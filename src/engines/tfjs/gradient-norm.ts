import type { Tensor } from '@tensorflow/tfjs-core';
import { abs, divide, max, maximum, multiply, reshape, scalar, sqrt, square, total } from './ops.ts';

/** Below every number that a gradient's largest may be divided by. */
const TINY = 1e-30;

/** The Euclidean norm of a flat vector; it neither overflows nor loses what is small, as sums of squares would. NaN where a number is not finite. */
export function euclideanNorm(g: Tensor): Tensor {
  const largest = maximum(reshape(max(abs(g), 0), []), scalar(TINY));
  return multiply(largest, sqrt(total(square(divide(g, largest)))));
}

/** `min(1, most / norm)`. */
export function clippingFactor(norm: Tensor, most: number): Tensor {
  return divide(scalar(most), maximum(norm, scalar(most)));
}
