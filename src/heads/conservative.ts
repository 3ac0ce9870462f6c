import { scaledLogSoftmax, softmaxPolicy } from '../bellman/softmax.ts';
import { checkNumber, checkRest } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** Options of {@link conservative}. */
export interface ConservativeOptions {
  /** α, at least 0: how much the penalty counts beside the loss. Default 1. */
  readonly alpha?: number;
}

/** See {@link conservative}. Its outputs mean what those of the head within mean, so policies are loaded with either. */
export class ConservativeHead implements ValueHead {
  readonly kind: string;
  readonly width: number;
  readonly targetWidth: number;
  readonly linear: boolean;
  readonly readsTakenAlone: boolean | undefined;
  readonly settings: ValueHead['settings'];
  /** The head whose loss is added to. */
  readonly inner: ValueHead;
  /** α. */
  readonly alpha: number;
  #qValues = new Float32Array();
  #slopes = new Float32Array();
  #entropies = new Float32Array();

  /** @throws DqnError `invalid-option` as {@link conservative}. */
  constructor(inner: ValueHead, { alpha = 1, ...unknown }: ConservativeOptions = {}) {
    checkRest('conservative(options)', unknown);
    if (!inner.pullBack) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'conservative(head)',
        expected: 'a head with pullBack(), such as expected(), categorical() or quantile()',
        received: inner.kind,
        remedy: 'Take one of these, or write pullBack() for yours.',
      });
    }
    this.alpha = checkNumber('conservative(alpha)', alpha, { min: 0 });
    this.kind = inner.kind;
    this.width = inner.width;
    this.targetWidth = inner.targetWidth;
    this.linear = inner.linear;
    this.settings = inner.settings;
    this.readsTakenAlone = alpha === 0 ? inner.readsTakenAlone : false;
    this.inner = inner;
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    this.inner.qValues(outputs, batch, actions, out);
  }

  targets(input: TargetInput, out: Float32Array): void {
    this.inner.targets(input, out);
  }

  loss(input: LossInput, out: LossOutput): void {
    const { inner, alpha } = this;
    inner.loss(input, out);
    // The engine may then have been spared the outputs of the other actions.
    if (alpha === 0) return;
    const { batch, actions, outputs, taken, weights } = input;
    this.#reserve(batch, actions);
    const [qValues, slopes] = [this.#qValues, this.#slopes];
    inner.qValues(outputs, batch, actions, qValues);
    softmaxPolicy(qValues, batch, actions, undefined, 1, slopes, this.#entropies);
    for (let b = 0; b < batch; b++) {
      const offset = b * actions;
      out.losses[b] -= alpha * scaledLogSoftmax(qValues, offset, actions, taken[b], 1);
      slopes[offset + taken[b]] -= 1;
      const share = (alpha * weights[b]) / batch;
      for (let i = offset; i < offset + actions; i++) slopes[i] *= share;
    }
    inner.pullBack?.(outputs, batch, actions, slopes, out.gradient);
  }

  pullBack(outputs: Float32Array, batch: number, actions: number, qGradient: Float32Array, gradient: Float32Array): void {
    this.inner.pullBack?.(outputs, batch, actions, qGradient, gradient);
  }

  #reserve(batch: number, actions: number): void {
    if (this.#entropies.length === batch && this.#qValues.length === batch * actions) return;
    this.#qValues = new Float32Array(batch * actions);
    this.#slopes = new Float32Array(batch * actions);
    this.#entropies = new Float32Array(batch);
  }
}

/**
 * Conservative Q-learning for recorded experience (Kumar, Zhou, Tucker and Levine 2020, "Conservative Q-Learning for Offline Reinforcement Learning", CQL(H), eq. 4): the loss of a
 * head plus a penalty that pushes the values of all actions down and that of the recorded one up,
 *
 * - loss `L + α (log Σ_a exp Q(s, a) − Q(s, a_taken))`,
 * - gradient of the penalty with respect to `Q(s, ·)`: `α weights[b] / B · (softmax(Q(s, ·)) − 1{a = a_taken})`, whose sum over the actions is 0.
 *
 * So actions that were never recorded in a state look bad there, whatever the network makes of them. Those that are impossible in it count as well: a batch tells them of the next
 * state alone. Values then lie below the true ones: they tell which action is better, not what it is worth. With α = 0 it is the head itself.
 *
 * @example
 * ```ts
 * import { expected } from '@scope/dqn';
 * import { conservative } from '@scope/dqn/offline';
 *
 * const head = conservative(expected(), { alpha: 0.5 });
 * ```
 * @param head - `expected()`, `categorical()`, `quantile()`, or one of your own with {@link ValueHead.pullBack}.
 * @throws DqnError `invalid-option` if a name is misspelt, the head has no `pullBack`, or α is below 0 or not finite.
 */
export function conservative(head: ValueHead, options?: ConservativeOptions): ConservativeHead {
  return new ConservativeHead(head, options);
}
