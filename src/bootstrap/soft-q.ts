import { softmaxPolicy } from '../bellman/softmax.ts';
import { checkNumber } from '../common/check.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** What {@link softQ} takes. */
export interface SoftQOptions {
  /** τ above 0: what one nat of entropy is worth, in the unit of rewards. */
  readonly temperature: number;
}

/** See {@link softQ}. */
export class SoftQ implements BootstrapRule {
  readonly kind = 'softQ';
  /** τ. */
  readonly temperature: number;

  /** @throws DqnError `invalid-option` as {@link softQ}. */
  constructor({ temperature }: SoftQOptions) {
    this.temperature = checkNumber('softQ(temperature)', temperature, { min: 0, exclusiveMin: true });
  }

  apply(input: BootstrapInput, out: BootstrapOutput): void {
    softBackup(input, this.temperature, out);
  }
}

/**
 * Soft Q-learning: the value of the policy of largest return plus entropy,
 * `y = r + γ τ log Σ_a exp(Q⁻(s', a) / τ) = r + γ (Σ_a π(a | s') Q⁻(s', a) + τ H(π))`, `π = softmax(Q⁻(s', ·) / τ)` over the possible actions (Haarnoja et
 * al. 2017). Between the maximum and the maximum + τ log #possible; monotone and a non-expansion. It is {@link munchausen} with
 * α = 0, and {@link mellowmaxQ} with ω = 1 / τ plus τ log #possible. Equal values get equal shares.
 * @throws DqnError `invalid-option` if τ is not a finite number above 0.
 */
export function softQ(options: SoftQOptions): SoftQ {
  return new SoftQ(options);
}

/** Writes `π = softmax(Q⁻(s', ·) / τ)` and the bonus `τ H(π)`: together with Σ π Q they make the soft value. */
export function softBackup(
  { batch, actions, targetQ, masks }: BootstrapInput,
  temperature: number,
  { policy, bonus }: BootstrapOutput,
): void {
  softmaxPolicy(targetQ, batch, actions, masks, temperature, policy, bonus);
  for (let b = 0; b < batch; b++) bonus[b] *= temperature;
}
