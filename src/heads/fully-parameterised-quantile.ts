import { QuantileRegression } from '../bellman/quantile-regression.ts';
import { quantileTargets } from '../bellman/quantile-targets.ts';
import { largest, shiftedExp } from '../bellman/fast-exp.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import type { QuantileLayer } from '../networks/network-factory.ts';
import type { LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** Options of {@link fullyParameterisedQuantile}. */
export interface FullyParameterisedQuantileOptions {
  /** N: fractions that the network proposes for a state, at least 2. Default 32. */
  readonly fractions?: number;
  /** Cosines that a fraction is embedded by, at least 1. Default 64. */
  readonly cosines?: number;
  /** κ: where the quantile Huber loss turns from a parabola into a line, at least 0; 0 for the pure quantile loss. Default 1. */
  readonly kappa?: number;
  /** The learning rate of the proposals as a share of the network's, at least 0. Left out: the network's default. */
  readonly proposalRate?: number;
  /** How much the proposals are drawn to even spacing: the weight of the entropy of p, at least 0. Default 0. */
  readonly entropy?: number;
}

/**
 * The head of FQF (Yang, Zhao, Lin, Qin, Bian and Liu 2019): a network that gives the quantile of the return at any fraction, and proposes the fractions too.
 * With p = softmax(logits) `[N]`, `τ_i = Σ_{k<i} p_k` and `τ̂_i = (τ_i + τ_{i+1}) / 2`:
 *
 * - a row of outputs: F(τ̂_0 … τ̂_{N−1}) `[N, A]`, F(τ_1 … τ_{N−1}) `[N − 1, A]`, and the logits `[N]`,
 * - `Q(s, a) = Σ_i (τ_{i+1} − τ_i) F(τ̂_i)[a]` (section 3.1),
 * - target `[N + 1]`: `y_j = r + γⁿ Σ_a π(a | s') F⁻(τ̂_j)[a]` at the target network's own fractions, then `r + γⁿ Σ_a π(a | s') Q⁻(s', a)`,
 * - loss: quantile Huber at τ̂, every target counting the same, `Σ_i mean_j |τ̂_i − 1{y_j < θ_i}| L_κ(y_j − θ_i) / κ` (eq. 6),
 * - TD error: the last number of the target − Q(s, a),
 * - gradient of the quantiles at τ̂ of the action taken: that of the loss, times `weights[b] / B`. At τ_i: zero,
 * - gradient of the logits: that of the 1-Wasserstein error W₁ of the staircase through F(τ̂) for the action taken, by
 *   `∂W₁ / ∂τ_i = 2 F(τ_i) − F(τ̂_i) − F(τ̂_{i−1})` (eq. 5), and of `−entropy · H(p)`, times `weights[b] / B`. Neither is in the losses, W₁ because it is not known.
 */
export class FullyParameterisedQuantileHead implements ValueHead {
  readonly kind = 'fullyParameterisedQuantile';
  readonly width = 1;
  readonly targetWidth: number;
  readonly linear = false;
  readonly quantiles: QuantileLayer;
  readonly settings: { readonly fractions: number; readonly cosines: number };
  /** κ of the loss. */
  readonly kappa: number;
  /** The weight of the entropy of the proposed fractions. */
  readonly entropy: number;
  readonly #regression: QuantileRegression;
  /** p of one row. */
  readonly #p: Float64Array;
  /** τ̂ of one row. */
  readonly #midpoints: Float64Array;
  /** ∂W₁ / ∂τ_i of one row, i ≥ 1. */
  readonly #slopes: Float64Array;

  /** @throws DqnError `invalid-option` as {@link fullyParameterisedQuantile}. */
  constructor({
    fractions = 32,
    cosines = 64,
    kappa = 1,
    proposalRate,
    entropy = 0,
    ...unknown
  }: FullyParameterisedQuantileOptions = {}) {
    checkRest('fullyParameterisedQuantile(options)', unknown);
    const where = 'fullyParameterisedQuantile';
    this.settings = {
      fractions: checkInteger(`${where}(fractions)`, fractions, { min: 2 }),
      cosines: checkInteger(`${where}(cosines)`, cosines, { min: 1 }),
    };
    this.targetWidth = fractions + 1;
    this.kappa = checkNumber(`${where}(kappa)`, kappa, { min: 0 });
    this.entropy = checkNumber(`${where}(entropy)`, entropy, { min: 0 });
    this.quantiles =
      proposalRate === undefined
        ? { kind: 'proposedQuantiles', fractions, cosines }
        : {
            kind: 'proposedQuantiles',
            fractions,
            cosines,
            proposalRate: checkNumber(`${where}(proposalRate)`, proposalRate, { min: 0 }),
          };
    this.#regression = new QuantileRegression(fractions, kappa);
    this.#p = new Float64Array(fractions);
    this.#midpoints = new Float64Array(fractions);
    this.#slopes = new Float64Array(fractions);
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    const rowSize = this.#rowSize(actions);
    for (let b = 0; b < batch; b++) {
      this.#propose(outputs, b, actions);
      for (let a = 0; a < actions; a++) out[b * actions + a] = this.#value(outputs, b * rowSize + a, actions);
    }
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: TargetInput, out: Float32Array): void {
    const { fractions } = this.settings;
    const width = this.targetWidth;
    const rowSize = this.#rowSize(actions);
    const rows = { count: fractions, rowSize, actionStride: 1, quantileStride: actions };
    quantileTargets(rewards, discounts, nextOutputs, rows, nextPolicy, batch, actions, out, width);
    for (let b = 0; b < batch; b++) {
      let mean = rewards[b];
      if (discounts[b] !== 0) {
        this.#propose(nextOutputs, b, actions);
        for (let a = 0; a < actions; a++) {
          const probability = nextPolicy[b * actions + a];
          if (probability !== 0) mean += discounts[b] * probability * this.#value(nextOutputs, b * rowSize + a, actions);
        }
      }
      out[b * width + fractions] = mean;
    }
  }

  loss(
    { batch, actions, outputs, taken, targets, weights }: LossInput,
    { gradient, losses, tdErrors, estimates }: LossOutput,
  ): void {
    const { fractions } = this.settings;
    const width = this.targetWidth;
    const regression = this.#regression;
    const midpoints = this.#midpoints;
    const p = this.#p;
    for (let b = 0; b < batch; b++) {
      const offset = b * this.#rowSize(actions) + taken[b];
      const scale = weights[b] / batch;
      this.#propose(outputs, b, actions);
      for (let i = 0, tau = 0; i < fractions; tau += p[i++]) midpoints[i] = tau + 0.5 * p[i];
      regression.aim(targets, b * width);
      losses[b] = regression.loss(outputs, offset, actions, fractions, midpoints, 0, scale, gradient);
      estimates[b] = this.#value(outputs, offset, actions);
      tdErrors[b] = targets[b * width + fractions] - estimates[b];
      this.#spread(outputs, b, actions, taken[b], scale, gradient);
    }
  }

  /** Numbers in a row of outputs. */
  #rowSize(actions: number): number {
    const { fractions } = this.settings;
    return (2 * fractions - 1) * actions + fractions;
  }

  /** Writes p of row b. */
  #propose(outputs: Float32Array, b: number, actions: number): void {
    const { fractions } = this.settings;
    const offset = (b + 1) * this.#rowSize(actions) - fractions;
    const p = this.#p;
    const sum = shiftedExp(outputs, offset, fractions, largest(outputs, offset, fractions), p);
    for (let i = 0; i < fractions; i++) p[i] /= sum;
  }

  /** `Σ_i p_i F(τ̂_i)`, of the action and the row that `offset` is at, with p as last written. */
  #value(outputs: Float32Array, offset: number, actions: number): number {
    const p = this.#p;
    let value = 0;
    for (let i = 0; i < p.length; i++) value += p[i] * outputs[offset + i * actions];
    return value;
  }

  /**
   * Writes the gradient of the logits. With `g_i = ∂W₁ / ∂τ_i` and `∂τ_i / ∂logit_k = p_k (1{k < i} − τ_i)` it is
   * `p_k (Σ_{i>k} g_i − Σ_i g_i τ_i)`, and for the entropy `p_k (log p_k + H)`.
   */
  #spread(outputs: Float32Array, b: number, actions: number, action: number, scale: number, gradient: Float32Array): void {
    const { fractions } = this.settings;
    const p = this.#p;
    const start = b * this.#rowSize(actions);
    const middle = start + action; // F(τ̂_0)
    const edge = middle + fractions * actions; // F(τ_1)
    const slopes = this.#slopes;
    let common = 0;
    let entropy = 0;
    for (let i = 0, tau = 0; i < fractions; tau += p[i++]) {
      if (i > 0) {
        const at = i * actions;
        slopes[i] = 2 * outputs[edge + at - actions] - outputs[middle + at] - outputs[middle + at - actions];
        common += slopes[i] * tau;
      }
      entropy -= p[i] * logOf(p[i]);
    }
    const logits = start + (2 * fractions - 1) * actions;
    for (let k = fractions - 1, after = 0; k >= 0; after += slopes[k--]) {
      gradient[logits + k] = p[k] * (after - common + this.entropy * (logOf(p[k]) + entropy)) * scale;
    }
  }
}

/** log p, and a finite number where p is 0. */
function logOf(p: number): number {
  return Math.log(Math.max(p, Number.MIN_VALUE));
}

/**
 * Quantiles of returns at fractions that the network proposes for each state, as in FQF: few of them, where they matter.
 * @throws DqnError `invalid-option` if a name is misspelt, `fractions` is not a whole number of at least 2, `cosines` of at least 1, or `kappa`, `entropy` or
 * `proposalRate` is below 0.
 */
export function fullyParameterisedQuantile(options?: FullyParameterisedQuantileOptions): FullyParameterisedQuantileHead {
  return new FullyParameterisedQuantileHead(options);
}
