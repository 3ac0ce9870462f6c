import { epsilonGreedyPolicy } from '../bellman/greedy.ts';
import { probabilityAt, toProbability } from '../common/probability.ts';
import type { Schedule } from '../common/schedules.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

const EPSILON = 'expectedSarsa(epsilon)';

/** What {@link expectedSarsa} takes. */
export interface ExpectedSarsaOptions {
  /** ε in [0, 1], or a schedule of it over environment steps: as a rule that of the explorer. */
  readonly epsilon: number | Schedule;
}

/** See {@link expectedSarsa}. */
export class ExpectedSarsa implements BootstrapRule {
  readonly kind = 'expectedSarsa';
  /** ε over time. */
  readonly epsilon: Schedule;

  /** @throws DqnError `invalid-option` as {@link expectedSarsa}. */
  constructor({ epsilon }: ExpectedSarsaOptions) {
    this.epsilon = toProbability(EPSILON, epsilon);
  }

  /** @throws DqnError `invalid-option` if the schedule gives an ε outside [0, 1]. */
  apply({ batch, actions, targetQ, masks, step }: BootstrapInput, out: BootstrapOutput): void {
    epsilonGreedyPolicy(targetQ, batch, actions, masks, probabilityAt(EPSILON, this.epsilon, step), out.policy);
  }
}

/**
 * Expected SARSA: the value of acting ε-greedily, `y = r + γ Σ_a π(a | s') Q⁻(s', a)` with
 * `π(a | s') = ε / #possible + (1 − ε) · [a = argmax_a' Q⁻(s', a')]` (van Seijen et al. 2009; Sutton and Barto 2018, eq. 6.9). So it
 * learns what the behaviour is worth, its slips included. With ε = 0 it is {@link maxQ}. Ties go to the lowest action.
 * @throws DqnError `invalid-option` if ε is outside [0, 1]: at once for a number, when it is used for a schedule.
 */
export function expectedSarsa(options: ExpectedSarsaOptions): ExpectedSarsa {
  return new ExpectedSarsa(options);
}
