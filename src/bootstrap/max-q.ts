import { greedyPolicy } from '../bellman/greedy.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** See {@link maxQ}. */
export class MaxQ implements BootstrapRule {
  readonly kind = 'maxQ';

  apply({ batch, actions, targetQ, masks }: BootstrapInput, out: BootstrapOutput): void {
    greedyPolicy(targetQ, batch, actions, masks, out.policy);
  }
}

/**
 * The rule of Q-learning: the target network's best possible action, valued by the target network,
 * `y = r + γ · max_a Q⁻(s', a)` (Watkins 1989; Mnih et al. 2015, eq. 2). Ties go to the lowest action.
 */
export function maxQ(): MaxQ {
  return new MaxQ();
}
