import { greedyPolicy } from '../bellman/greedy.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** See {@link doubleQ}. */
export class DoubleQ implements BootstrapRule {
  readonly kind = 'doubleQ';
  readonly usesOnline = true;

  apply({ batch, actions, onlineQ, masks }: BootstrapInput, out: BootstrapOutput): void {
    greedyPolicy(onlineQ, batch, actions, masks, out.policy);
  }
}

/**
 * Double Q-learning: the online network's best possible action, valued by the target network, which lessens the upward bias of the maximum:
 * `y = r + γ · Q⁻(s', argmax_a Q(s', a))` (van Hasselt, Guez and Silver 2016, eq. 4). Ties go to the lowest action.
 */
export function doubleQ(): DoubleQ {
  return new DoubleQ();
}
