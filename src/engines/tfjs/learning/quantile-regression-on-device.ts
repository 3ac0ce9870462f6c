import type { Tensor } from '@tensorflow/tfjs-core';
import { abs, lengthOf, maximum, minimum, multiply, reshape, scalar, step, subtract, sum } from '../ops.ts';
import { meanOfRows } from './over-actions.ts';

/** What quantiles are compared with. */
export interface RegressionInput {
  /** θ_i `[R, N]`. */
  readonly values: Tensor;
  /** τ_i `[R, N]` or `[1, N]`. */
  readonly fractions: Tensor;
  /** y_j `[R, N′]`. */
  readonly targets: Tensor;
  /** κ. */
  readonly kappa: number;
  /** `[R, 1]`. */
  readonly scales: Tensor;
}

/** `Σ_i mean_j |τ_i − 1{y_j < θ_i}| L_κ(y_j − θ_i) / κ` `[R, 1]`, and scales times its slopes `[R, N]`, over all pairs: see `QuantileRegression`. */
export function regressQuantiles({ values, fractions, targets, kappa, scales }: RegressionInput): {
  losses: Tensor;
  gradient: Tensor;
} {
  const [rows, count] = [lengthOf(values, 0), lengthOf(values, 1)];
  const errors = subtract(reshape(targets, [rows, 1, lengthOf(targets, 1)]), reshape(values, [rows, count, 1]));
  const below = step(multiply(errors, scalar(-1)));
  const stress = abs(subtract(reshape(fractions, [lengthOf(fractions, 0), count, 1]), below));
  // κ times the derivative of L_κ / κ, but for κ = 0, where the line alone is left.
  const slopes = kappa === 0 ? subtract(step(errors), below) : maximum(minimum(errors, scalar(kappa)), scalar(-kappa));
  const perKappa = scalar(kappa === 0 ? 1 : 1 / kappa);
  const distances = kappa === 0 ? abs(errors) : multiply(slopes, subtract(errors, multiply(slopes, scalar(0.5))));
  const mean = (x: Tensor): Tensor => multiply(reshape(meanOfRows(multiply(stress, x)), [rows, count]), perKappa);
  return { losses: sum(mean(distances), 1), gradient: multiply(mean(slopes), multiply(scales, scalar(-1))) };
}
