import { linear } from '../common/schedules.ts';
import { rmsprop } from '../networks/optimizers.ts';
import { prioritized } from '../replay/prioritized.ts';
import { doubleDqn } from './double-dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Prioritized experience replay, proportional (Schaul et al. 2016, appendix B.2.1): {@link doubleDqn} with α = 0.6, β from 0.4 to 1 over the whole run of
 * 200 million frames (50 million steps; shorten it to yours), and a quarter of the learning rate.
 */
export function perDqn(): AgentPreset {
  return {
    ...doubleDqn(),
    replay: prioritized({ capacity: 1_000_000, priorityExponent: 0.6, importanceExponent: linear(0.4, 1, 50_000_000) }),
    optimizer: rmsprop({ learningRate: 6.25e-5, decay: 0.95, epsilon: 0.01, centered: true }),
  };
}
