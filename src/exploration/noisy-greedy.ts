import { checkRest } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { Greedy } from './greedy.ts';

/** What {@link noisyGreedy} takes. */
export interface NoisyGreedyOptions {
  /** `step` (the default): new noise for every step, of a vector of environments the same for all; `episode`: noise of its own for every episode of every environment, so that exploration is consistent. */
  readonly hold?: 'step' | 'episode';
}

/** See {@link noisyGreedy}. */
export class NoisyGreedy extends Greedy {
  override readonly kind = 'noisyGreedy';
  /** How long the network's noise is held. */
  readonly noise: 'step' | 'episode';

  /** @throws DqnError `invalid-option` as {@link noisyGreedy}. */
  constructor({ hold = 'step', ...unknown }: NoisyGreedyOptions = {}) {
    super();
    checkRest('noisyGreedy(options)', unknown);
    if (hold !== 'step' && hold !== 'episode') {
      throw new DqnError({
        code: 'invalid-option',
        where: 'noisyGreedy(hold)',
        expected: "'step' or 'episode'",
        received: describe(hold),
        remedy: "Leave it out for 'step'.",
      });
    }
    this.noise = hold;
  }
}

/**
 * For networks with noisy layers: the best possible action by action values under drawn noise, `a = argmax_a Q(s, a; ε)` (Fortunato et al. 2018,
 * algorithm 1). It draws nothing itself: the noise explores. Ties go to the lowest action.
 * @throws DqnError `invalid-option` if `hold` is neither `step` nor `episode`, or a name is misspelt.
 */
export function noisyGreedy(options?: NoisyGreedyOptions): NoisyGreedy {
  return new NoisyGreedy(options);
}
