import type { Tensor } from '@tensorflow/tfjs-core';
import { abs, add, divide, lessEqual, log, max, maximum, multiply, scalar, select, square, subtract, sum } from '../ops.ts';
import { possibleOnes, softmaxPolicy, type Softmax, whereTrue } from './policies.ts';

/** `eˣ − 1` for |x| ≤ 1. */
function expm1(x: Tensor): Tensor {
  let series = scalar(1);
  for (let k = 10; k > 1; k--) series = add(multiply(multiply(x, scalar(1 / k)), series), scalar(1));
  return multiply(x, series);
}

/** `log(1 + x)` for x in [0, 1], by the series of artanh. */
function log1p(x: Tensor): Tensor {
  const z = divide(x, add(x, scalar(2)));
  const squares = square(z);
  let series = scalar(1 / 13);
  for (let k = 11; k > 0; k -= 2) series = add(multiply(squares, series), scalar(1 / k));
  return multiply(multiply(z, series), scalar(2));
}

/**
 * `π = softmax(ω Q)` and `mm_ω(Q) − Σ_a π Q`. Over n possible actions that is `(H(π) − log n) / ω`; where all of ω Q lie within 1 of each other the difference would
 * lose its digits, so there it is `(log(1 + mean (e^c − 1)) − Σ π c) / ω` with c = ω Q less their mean, where the means of c itself are taken out.
 */
export function mellowmax(qValues: Tensor, possible: Tensor | undefined, omega: number): { policy: Tensor; bonus: Tensor } {
  const { policy, exponents, entropies }: Softmax = softmaxPolicy(qValues, possible, 1 / omega);
  const count = maximum(sum(possibleOnes(qValues, possible), 1), scalar(1));
  const mean = (x: Tensor): Tensor => divide(sum(whereTrue(possible, x), 1), count);
  const wide = subtract(entropies, log(count));
  const c = whereTrue(possible, subtract(exponents, mean(exponents)));
  const growth = expm1(c);
  const excess = mean(subtract(growth, c));
  const narrow = subtract(log1p(excess), divide(mean(multiply(c, growth)), add(excess, scalar(1))));
  const bonus = select(lessEqual(max(abs(exponents), 1), scalar(1)), narrow, wide);
  return { policy, bonus: multiply(bonus, scalar(1 / omega)) };
}
