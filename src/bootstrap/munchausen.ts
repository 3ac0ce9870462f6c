import { scaledLogSoftmax } from '../bellman/softmax.ts';
import { checkNumber, checkRest } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { BootstrapContext, BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';
import { softBackup } from './soft-q.ts';

/** What {@link munchausen} takes. */
export interface MunchausenOptions {
  /** τ above 0: what one nat of entropy is worth, in the unit of rewards. Default 0.03. */
  readonly temperature?: number;
  /** α in [0, 1]: the share of τ log π(a | s) that is added to the reward. Default 0.9. */
  readonly alpha?: number;
  /** l₀, at most 0: τ log π(a | s) is not taken to be less. Default −1. */
  readonly clip?: number;
}

/** See {@link munchausen}. */
export class Munchausen implements BootstrapRule {
  readonly kind = 'munchausen';
  readonly usesCurrent = true;
  /** τ. */
  readonly temperature: number;
  /** α. */
  readonly alpha: number;
  /** l₀. */
  readonly clip: number;

  /** @throws DqnError `invalid-option` as {@link munchausen}. */
  constructor({ temperature = 0.03, alpha = 0.9, clip = -1, ...unknown }: MunchausenOptions = {}) {
    checkRest('munchausen(options)', unknown);
    this.temperature = checkNumber('munchausen(temperature)', temperature, { min: 0, exclusiveMin: true });
    this.alpha = checkNumber('munchausen(alpha)', alpha, { min: 0, max: 1 });
    this.clip = checkNumber('munchausen(clip)', clip, { max: 0 });
  }

  /** @throws DqnError `invalid-option` if rewards are summed over several steps. */
  check({ nStep }: BootstrapContext): void {
    if (nStep === 1) return;
    throw new DqnError({
      code: 'invalid-option',
      where: 'createAgent({ bootstrap: munchausen(), nStep })',
      expected: 'nStep: 1, as the bonus is of the action before each single reward',
      received: String(nStep),
      remedy: 'Leave nStep out, or take another bootstrap rule.',
    });
  }

  apply(input: BootstrapInput, out: BootstrapOutput): void {
    const { temperature, alpha, clip } = this;
    const { batch, actions, currentQ, taken } = input;
    softBackup(input, temperature, out);
    for (let b = 0; b < batch; b++) {
      out.rewardBonus[b] = alpha * Math.max(clip, scaledLogSoftmax(currentQ, b * actions, actions, taken[b], temperature));
    }
  }
}

/**
 * Munchausen Q-learning: soft Q-learning with the (scaled, clipped) log-probability of the action taken added to the reward,
 * `y = r + α [τ log π(a | s)]_{l₀}^0 + γ Σ_a' π(a' | s') (Q⁻(s', a') − τ log π(a' | s'))`, `π = softmax(Q⁻ / τ)` (Vieillard, Pietquin and Geist
 * 2020, M-DQN with the clipping of its log-policy). The bonus widens the gap between actions and keeps new policies near old ones. With α = 0 it is
 * {@link softQ}. At s' the possible actions alone count; at s, whose mask is not kept, all do. Equal values get equal shares.
 *
 * For one-step returns alone. One more forward pass of the target network an update.
 * @throws DqnError `invalid-option` if a name is misspelt, τ is not above 0, α not in [0, 1], l₀ above 0, or one of them not finite; and by `createAgent` if `nStep` is not 1.
 */
export function munchausen(options?: MunchausenOptions): Munchausen {
  return new Munchausen(options);
}
