import { QuantileRegression } from '../bellman/quantile-regression.ts';
import { quantileTargets } from '../bellman/quantile-targets.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import type { LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** Options of {@link quantile}. */
export interface QuantileOptions {
  /** N: quantiles of an action, at least 1. Default 200. */
  readonly quantiles?: number;
  /** κ: where the quantile Huber loss turns from a parabola into a line, at least 0; 0 for the pure quantile loss. Default 1. */
  readonly kappa?: number;
}

/**
 * The head of QR-DQN (Dabney, Rowland, Bellemare and Munos 2018a): the outputs of an action are the quantiles of its return at the fixed
 * fractions `τ̂_i = (2i + 1) / 2N`, i = 0 … N − 1. They need not rise with i.
 *
 * - outputs `[A, N]`, `θ_i(s, a) = outputs[b, a, i]`, `Q(s, a) = mean_i θ_i(s, a)`,
 * - target `[N]`: `y_j = r + γⁿ Σ_a π(a | s') θ_j(s', a)`,
 * - loss: quantile Huber, `Σ_i mean_j |τ̂_i − 1{y_j < θ_i}| L_κ(y_j − θ_i) / κ`,
 * - TD error: `mean_j y_j − Q(s, a)`,
 * - gradient at the action taken that of the loss, times `weights[b] / B`; zero at the others.
 */
export class QuantileHead implements ValueHead {
  readonly kind = 'quantile';
  readonly width: number;
  readonly targetWidth: number;
  readonly linear = true;
  readonly readsTakenAlone = true;
  readonly settings: { readonly quantiles: number };
  /** κ of the loss. */
  readonly kappa: number;
  readonly #regression: QuantileRegression;
  /** τ̂. */
  readonly #midpoints: Float64Array;

  /** @throws DqnError `invalid-option` as {@link quantile}. */
  constructor({ quantiles = 200, kappa = 1, ...unknown }: QuantileOptions = {}) {
    checkRest('quantile(options)', unknown);
    this.width = this.targetWidth = checkInteger('quantile(quantiles)', quantiles, { min: 1 });
    this.kappa = checkNumber('quantile(kappa)', kappa, { min: 0 });
    this.settings = { quantiles };
    this.#regression = new QuantileRegression(quantiles, kappa);
    this.#midpoints = Float64Array.from({ length: quantiles }, (_, i) => (i + 0.5) / quantiles);
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    const { width } = this;
    for (let row = 0, end = batch * actions; row < end; row++) out[row] = mean(outputs, row * width, width);
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: TargetInput, out: Float32Array): void {
    const { width } = this;
    const rows = { count: width, rowSize: actions * width, actionStride: width, quantileStride: 1 };
    quantileTargets(rewards, discounts, nextOutputs, rows, nextPolicy, batch, actions, out, width);
  }

  pullBack(_outputs: Float32Array, batch: number, actions: number, qGradient: Float32Array, gradient: Float32Array): void {
    const { width } = this;
    for (let i = 0, end = batch * actions * width; i < end; i++) gradient[i] += qGradient[Math.floor(i / width)] / width;
  }

  loss(
    { batch, actions, outputs, taken, targets, weights }: LossInput,
    { gradient, losses, tdErrors, estimates }: LossOutput,
  ): void {
    const { width } = this;
    const regression = this.#regression;
    for (let b = 0; b < batch; b++) {
      const offset = (b * actions + taken[b]) * width;
      estimates[b] = mean(outputs, offset, width);
      tdErrors[b] = regression.aim(targets, b * width) - estimates[b];
      losses[b] = regression.loss(outputs, offset, 1, width, this.#midpoints, 0, weights[b] / batch, gradient);
    }
  }
}

function mean(values: Float32Array, offset: number, count: number): number {
  let sum = 0;
  for (let i = offset, end = offset + count; i < end; i++) sum += values[i];
  return sum / count;
}

/**
 * Quantiles of returns at fixed fractions, as in QR-DQN: no support to choose.
 * @throws DqnError `invalid-option` if a name is misspelt, `quantiles` is not a whole number of at least 1, or `kappa` is below 0.
 */
export function quantile(options?: QuantileOptions): QuantileHead {
  return new QuantileHead(options);
}
