import { softmaxPolicy } from '../bellman/softmax.ts';
import { checkNumber } from '../common/check.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** What {@link softmaxQ} takes. */
export interface SoftmaxQOptions {
  /** τ above 0, in the unit of the action values. */
  readonly temperature: number;
}

/** See {@link softmaxQ}. */
export class SoftmaxQ implements BootstrapRule {
  readonly kind = 'softmaxQ';
  /** τ. */
  readonly temperature: number;

  /** @throws DqnError `invalid-option` as {@link softmaxQ}. */
  constructor({ temperature }: SoftmaxQOptions) {
    this.temperature = checkNumber('softmaxQ(temperature)', temperature, { min: 0, exclusiveMin: true });
  }

  apply({ batch, actions, targetQ, masks }: BootstrapInput, { policy, bonus }: BootstrapOutput): void {
    softmaxPolicy(targetQ, batch, actions, masks, this.temperature, policy, bonus);
    bonus.fill(0, 0, batch); // the entropies: this rule does not count them
  }
}

/**
 * The Boltzmann backup: the mean of the next values under their own softmax, `y = r + γ Σ_a π(a | s') Q⁻(s', a)`, `π = softmax(Q⁻(s', ·) / τ)`
 * over the possible actions (Asadi and Littman 2017, with β = 1 / τ; Song et al. 2019). It is at most the maximum and less biased upwards; the
 * maximum for τ → 0, the mean for τ → ∞. Equal values get equal shares.
 *
 * It is **not** a non-expansion, nor monotone, so that repeated backups need not converge: with τ = 1 the values (2, 0) give 1.76 and (3, −1)
 * give 2.93, a distance of 1.17 for one of 1; and (10, 0) give 9.9995, the larger (10, 1) 9.9989. {@link mellowmaxQ} is.
 * @throws DqnError `invalid-option` if τ is not a finite number above 0.
 */
export function softmaxQ(options: SoftmaxQOptions): SoftmaxQ {
  return new SoftmaxQ(options);
}
