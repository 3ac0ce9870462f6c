import { adaptive } from '../networks/adaptive.ts';
import { rmsprop } from '../networks/optimizers.ts';
import { doubleDqn } from './double-dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Dueling networks (Wang et al. 2016, section 4.2): {@link doubleDqn} with two streams, a lower learning rate, and gradients clipped to norm 10. The
 * paper also scales the gradient that enters the shared layers by 1/√2, which is left out.
 */
export function duelingDqn(): AgentPreset {
  return {
    ...doubleDqn(),
    network: adaptive({ dueling: true }),
    optimizer: rmsprop({ learningRate: 6.25e-5, decay: 0.95, epsilon: 0.01, centered: true }),
    maxGradientNorm: 10,
  };
}
