import { QuantileRegression } from '../bellman/quantile-regression.ts';
import { quantileTargets } from '../bellman/quantile-targets.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import type { Random } from '../common/random.ts';
import type { QuantileLayer } from '../networks/network-factory.ts';
import { neutral, type RiskMeasure } from './risk.ts';
import type { FractionSource, FractionUse, LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** Options of {@link implicitQuantile}. */
export interface ImplicitQuantileOptions {
  /** Cosines that a fraction is embedded by, at least 1. Default 64. */
  readonly cosines?: number;
  /** N: fractions of the estimate that learns, at least 1. Default 64. */
  readonly online?: number;
  /** N′: fractions of its target, at least 1. Default 64. */
  readonly target?: number;
  /** K: fractions to act by, at least 1. Default 32. */
  readonly act?: number;
  /** κ: where the quantile Huber loss turns from a parabola into a line, at least 0; 0 for the pure quantile loss. Default 1. */
  readonly kappa?: number;
  /** Which returns count when acting. Default {@link neutral}. Learning is the same for all. */
  readonly risk?: RiskMeasure;
}

/**
 * The head of IQN (Dabney, Ostrovski, Silver and Munos 2018b): a network that gives the quantile of the return at any fraction, trained and
 * asked at fractions drawn anew.
 *
 * - outputs `[N, A]`, `θ_i(s, a) = outputs[b, i, a]` at the fraction τ_i of row b, `Q(s, a) = mean_i θ_i(s, a)`; with fractions drawn under a measure of
 *   risk, its value under that measure (eq. 2),
 * - target `[N′]`: `y_j = r + γⁿ Σ_a π(a | s') θ_j(s', a)`,
 * - loss: quantile Huber, `Σ_i mean_j |τ_i − 1{y_j < θ_i}| L_κ(y_j − θ_i) / κ` (eq. 3),
 * - TD error: `mean_j y_j − mean_i θ_i(s, a)`,
 * - gradient at the action taken that of the loss, times `weights[b] / B`; zero at the others.
 */
export class ImplicitQuantileHead implements ValueHead {
  readonly kind = 'implicitQuantile';
  readonly width = 1;
  readonly targetWidth: number;
  readonly linear = true;
  readonly quantiles: QuantileLayer;
  readonly fractions: FractionSource;
  readonly settings: { readonly cosines: number };
  /** κ of the loss. */
  readonly kappa: number;
  /** Which returns count when acting. */
  readonly risk: RiskMeasure;
  readonly #regression: QuantileRegression;

  /** @throws DqnError `invalid-option` as {@link implicitQuantile}. */
  constructor({
    cosines = 64,
    online = 64,
    target = 64,
    act = 32,
    kappa = 1,
    risk = neutral(),
    ...unknown
  }: ImplicitQuantileOptions = {}) {
    checkRest('implicitQuantile(options)', unknown);
    const count = (name: string, value: number): number => checkInteger(`implicitQuantile(${name})`, value, { min: 1 });
    this.settings = { cosines: count('cosines', cosines) };
    this.quantiles = { kind: 'implicitQuantiles', cosines };
    this.kappa = checkNumber('implicitQuantile(kappa)', kappa, { min: 0 });
    this.risk = risk;
    this.targetWidth = count('target', target);
    this.fractions = new DrawnFractions({ act: count('act', act), online: count('online', online), target }, risk);
    this.#regression = new QuantileRegression(target, kappa);
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    const count = outputs.length / (batch * actions);
    for (let b = 0; b < batch; b++) {
      for (let a = 0; a < actions; a++) out[b * actions + a] = mean(outputs, b * count * actions + a, actions, count);
    }
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: TargetInput, out: Float32Array): void {
    const count = this.targetWidth;
    const rows = { count, rowSize: count * actions, actionStride: 1, quantileStride: actions };
    quantileTargets(rewards, discounts, nextOutputs, rows, nextPolicy, batch, actions, out, count);
  }

  loss(
    { batch, actions, outputs, taken, targets, weights, fractions }: LossInput,
    { gradient, losses, tdErrors, estimates }: LossOutput,
  ): void {
    const count = outputs.length / (batch * actions);
    const regression = this.#regression;
    for (let b = 0; b < batch; b++) {
      const offset = b * count * actions + taken[b];
      estimates[b] = mean(outputs, offset, actions, count);
      tdErrors[b] = regression.aim(targets, b * this.targetWidth) - estimates[b];
      losses[b] = regression.loss(outputs, offset, actions, count, fractions, b * count, weights[b] / batch, gradient);
    }
  }
}

function mean(values: Float32Array, offset: number, stride: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[offset + i * stride];
  return sum / count;
}

/** Fractions drawn uniformly, or spread evenly at (i + ½) / count; those to act by distorted by a measure of risk. */
class DrawnFractions implements FractionSource {
  readonly counts: Readonly<Record<FractionUse, number>>;
  readonly #risk: RiskMeasure;
  readonly #even: Readonly<Record<FractionUse, Float32Array>>;

  constructor(counts: Readonly<Record<FractionUse, number>>, risk: RiskMeasure) {
    this.counts = counts;
    this.#risk = risk;
    const spread = (use: FractionUse): Float32Array =>
      Float32Array.from({ length: counts[use] }, (_, i) => this.#distort(use, (i + 0.5) / counts[use]));
    this.#even = { act: spread('act'), online: spread('online'), target: spread('target') };
  }

  draw(use: FractionUse, out: Float32Array, random?: Random): void {
    const even = this.#even[use];
    for (let i = 0; i < out.length; i++) out[i] = random ? this.#distort(use, random.float()) : even[i % even.length];
  }

  #distort(use: FractionUse, fraction: number): number {
    return use === 'act' ? this.#risk.distort(fraction) : fraction;
  }
}

/**
 * Quantiles of returns at fractions drawn anew each time, as in IQN: the whole distribution, and acting by any measure of risk.
 *
 * @example
 * ```ts
 * import { cvar, implicitQuantile } from '@scope/dqn';
 *
 * const head = implicitQuantile({ risk: cvar({ eta: 0.25 }) });
 * ```
 * @throws DqnError `invalid-option` if a name is misspelt, a count is not a whole number of at least 1, or `kappa` is below 0.
 */
export function implicitQuantile(options?: ImplicitQuantileOptions): ImplicitQuantileHead {
  return new ImplicitQuantileHead(options);
}
