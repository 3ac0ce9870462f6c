import type { Tensor } from '@tensorflow/tfjs-core';
import type { ExpectedHead } from '../../../heads/expected.ts';
import { abs, add, divide, maximum, minimum, multiply, scalar, sqrt, square, subtract, sum } from '../ops.ts';
import type { DeviceHead } from './device-head.ts';

/** ε of `rescale`. */
const EPSILON = 1e-3;

/** `h(x) = x / (√(|x| + 1) + 1) + ε x`: without the difference of nearly equal numbers of the form with a sign. */
function rescale(x: Tensor): Tensor {
  const root = sqrt(add(abs(x), scalar(1)));
  return add(divide(x, add(root, scalar(1))), multiply(x, scalar(EPSILON)));
}

/**
 * `h⁻¹(y)`. With `s = √(1 + 4ε (|y| + 1 + ε))` its inner fraction is `root = 2 (|y| + 1 + ε) / (s + 1)`, and
 * `root − 1 = |y| (2 − 4ε / (s + 1 + 2ε)) / (s + 1)`, of which nothing cancels; so `h⁻¹(y) = sgn(y) (root − 1) (root + 1)` keeps its digits near 0.
 */
function inverseRescale(y: Tensor): Tensor {
  const size = add(abs(y), scalar(1 + EPSILON));
  const s = sqrt(add(multiply(size, scalar(4 * EPSILON)), scalar(1)));
  const below = add(s, scalar(1));
  const root = divide(multiply(size, scalar(2)), below);
  const slope = subtract(scalar(2), divide(scalar(4 * EPSILON), add(s, scalar(1 + 2 * EPSILON))));
  return multiply(multiply(y, divide(slope, below)), add(root, scalar(1)));
}

/** {@link ExpectedHead} as tensor operations. */
export function expectedOnDevice({ regression, delta, settings }: ExpectedHead): DeviceHead {
  const valued = settings.rescale ? inverseRescale : (outputs: Tensor): Tensor => outputs;
  const huber = regression === 'huber';
  return {
    qValues: valued,
    targets({ rewards, discounts, nextOutputs, nextPolicy }) {
      const y = add(rewards, multiply(discounts, sum(multiply(nextPolicy, valued(nextOutputs)), 1)));
      return settings.rescale ? rescale(y) : y;
    },
    loss({ outputs, taken, targets, scales }) {
      const q = sum(multiply(taken, outputs), 1);
      const errors = subtract(targets, q);
      const slopes = huber ? maximum(minimum(errors, scalar(delta)), scalar(-delta)) : errors;
      // slope · (error − slope / 2) is half the square within ±delta, and the line beyond.
      const losses = huber
        ? multiply(slopes, subtract(errors, multiply(slopes, scalar(0.5))))
        : multiply(square(errors), scalar(0.5));
      return {
        gradient: multiply(taken, multiply(multiply(slopes, scales), scalar(-1))),
        losses,
        tdErrors: errors,
        estimates: valued(q),
      };
    },
  };
}
