import { maskedArgmax } from '../bellman/greedy.ts';
import { DqnError } from '../common/errors.ts';
import type { BootstrapContext, BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** See {@link clippedDoubleQ}. */
export class ClippedDoubleQ implements BootstrapRule {
  readonly kind = 'clippedDoubleQ';
  readonly usesOnline = true;
  readonly networks = 2;

  /** @throws DqnError `invalid-option` if there are not two estimates of a transition. */
  check({ heads }: BootstrapContext): void {
    if (heads === 2) return;
    throw new DqnError({
      code: 'invalid-option',
      where: 'createAgent({ bootstrap: clippedDoubleQ(), explorer })',
      expected: 'two estimates of a transition, those of the two networks',
      received: String(heads),
      remedy: 'Take an explorer without heads of its own.',
    });
  }

  apply({ batch, actions, targetQ, onlineQ, masks }: BootstrapInput, { policy, sources }: BootstrapOutput): void {
    policy.fill(0, 0, batch * actions);
    for (let first = 0; first < batch; first += 2) {
      const second = first + 1;
      const best = maskedArgmax(onlineQ, first * actions, actions, masks);
      const smaller = targetQ[second * actions + best] < targetQ[first * actions + best] ? second : first;
      sources[first] = smaller;
      sources[second] = smaller;
      if (best < 0) continue;
      policy[first * actions + best] = 1;
      policy[second * actions + best] = 1;
    }
  }
}

/**
 * Clipped Double Q-learning (Fujimoto, van Hoof and Meger 2018, eq. 10, for discrete actions): two networks learn side by side towards the same target,
 * `y = r + γ min(Q⁻₁(s', a*), Q⁻₂(s', a*))`, `a* = argmax_a Q₁(s', a)`. The next action is the first online network's best possible one for both
 * networks, as TD3's actor follows its first critic; the smaller of the two estimates of it guards against overestimation. With a head of
 * distributions the whole distribution of the smaller mean is the target. Ties go to the lowest action and the first network.
 */
export function clippedDoubleQ(): ClippedDoubleQ {
  return new ClippedDoubleQ();
}
