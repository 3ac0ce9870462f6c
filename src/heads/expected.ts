import { huberLoss, huberSlope, squaredLoss, squaredSlope } from '../bellman/regression-loss.ts';
import { bellmanTargets } from '../bellman/targets.ts';
import { inverseRescale, inverseRescaleSlope, rescale } from '../bellman/value-rescaling.ts';
import { checkNumber, checkRest } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** How {@link expected} measures the distance to a target. */
export interface ExpectedOptions {
  /** `huber` (the default) or half the `squared` error. */
  readonly loss?: 'huber' | 'squared';
  /** Where the Huber loss turns from a parabola into a line, above 0. Default 1. */
  readonly delta?: number;
  /**
   * Whether the network learns h(Q) in place of Q, so that returns of very different sizes need no clipped rewards ({@link rescale}; R2D2, Kapturowski et al.
   * 2019). Default false.
   */
  readonly rescale?: boolean;
}

/**
 * The head of plain DQN: one output an action, its expected return, so `Q(s, a) = outputs[b, a]` (Mnih et al. 2015).
 *
 * - target `y = r + γⁿ · Σ_a π(a | s') Q(s', a)`,
 * - loss `L(y − Q(s, a))` with L the Huber loss or half the square,
 * - gradient at the action taken `weights[b] / B · clip(Q(s, a) − y, ±delta)` (unclipped for the square), zero at the others.
 *
 * With `rescale` the outputs are h(Q): `Q = h⁻¹(outputs)`, `y = h(r + γⁿ Σ_a π(a | s') h⁻¹(outputs⁻[s', a]))`, and loss and TD error compare outputs
 * with y as they are (Kapturowski et al. 2019, eq. 1).
 */
export class ExpectedHead implements ValueHead {
  readonly kind = 'expected';
  readonly width = 1;
  readonly targetWidth = 1;
  readonly linear: boolean;
  readonly settings: { readonly rescale: boolean };
  /** Which loss it is. */
  readonly regression: 'huber' | 'squared';
  /** Where the Huber loss becomes a line; without effect on the squared one. */
  readonly delta: number;
  #nextQ = new Float32Array();

  /** @throws DqnError `invalid-option` as {@link expected}. */
  constructor({ loss = 'huber', delta = 1, rescale: rescaled = false, ...unknown }: ExpectedOptions = {}) {
    checkRest('expected(options)', unknown);
    if (loss !== 'huber' && loss !== 'squared') {
      throw new DqnError({
        code: 'invalid-option',
        where: 'expected(loss)',
        expected: "'huber' or 'squared'",
        received: describe(loss),
        remedy: "Leave it out for 'huber'.",
      });
    }
    this.regression = loss;
    this.delta = checkNumber('expected(delta)', delta, { min: 0, exclusiveMin: true });
    this.linear = !rescaled;
    this.settings = { rescale: rescaled };
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    const rescaled = this.settings.rescale;
    for (let i = 0, end = batch * actions; i < end; i++) out[i] = rescaled ? inverseRescale(outputs[i]) : outputs[i];
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: TargetInput, out: Float32Array): void {
    if (!this.settings.rescale) {
      bellmanTargets(rewards, discounts, nextOutputs, nextPolicy, batch, actions, out);
      return;
    }
    if (this.#nextQ.length < batch * actions) this.#nextQ = new Float32Array(batch * actions);
    this.qValues(nextOutputs, batch, actions, this.#nextQ);
    bellmanTargets(rewards, discounts, this.#nextQ, nextPolicy, batch, actions, out);
    for (let b = 0; b < batch; b++) out[b] = rescale(out[b]);
  }

  loss(input: LossInput, out: LossOutput): void {
    const { batch, actions, outputs, taken, targets, weights } = input;
    const { gradient, losses, tdErrors, estimates } = out;
    const { delta } = this;
    const huber = this.regression === 'huber';
    const rescaled = this.settings.rescale;
    for (let b = 0; b < batch; b++) {
      const i = b * actions + taken[b];
      const error = targets[b] - outputs[i];
      tdErrors[b] = error;
      estimates[b] = rescaled ? inverseRescale(outputs[i]) : outputs[i];
      losses[b] = huber ? huberLoss(error, delta) : squaredLoss(error);
      // The loss falls as the output rises towards the target: ∂L(y − q)/∂q = −L'(y − q).
      gradient[i] = (-(huber ? huberSlope(error, delta) : squaredSlope(error)) * weights[b]) / batch;
    }
  }

  pullBack(outputs: Float32Array, batch: number, actions: number, qGradient: Float32Array, gradient: Float32Array): void {
    const rescaled = this.settings.rescale;
    for (let i = 0, end = batch * actions; i < end; i++) {
      gradient[i] += rescaled ? qGradient[i] * inverseRescaleSlope(outputs[i]) : qGradient[i];
    }
  }
}

/**
 * Expected action values: the head of DQN, Double DQN and dueling networks. One network output an action.
 * @throws DqnError `invalid-option` if a name is misspelt, `delta` is not above 0 or `loss` is unknown.
 */
export function expected(options?: ExpectedOptions): ExpectedHead {
  return new ExpectedHead(options);
}
