import { greedyPolicy } from '../bellman/greedy.ts';
import type { BootstrapInput, BootstrapRule } from './bootstrap-rule.ts';

/** See {@link doubleQ}. */
export class DoubleQ implements BootstrapRule {
  readonly kind = 'doubleQ';
  readonly usesOnline = true;

  policy({ batch, actions, onlineQ, masks }: BootstrapInput, out: Float32Array): void {
    greedyPolicy(onlineQ, batch, actions, masks, out);
  }
}

/**
 * Double Q-learning: the online network's best possible action, valued by the target network, which lessens the upward bias of the maximum:
 * `y = r + γ · Q⁻(s', argmax_a Q(s', a))` (van Hasselt, Guez and Silver 2016, eq. 4). Ties go to the lowest action.
 */
export function doubleQ(): DoubleQ {
  return new DoubleQ();
}
