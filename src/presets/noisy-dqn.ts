import { noisyGreedy } from '../exploration/noisy-greedy.ts';
import { adaptive } from '../networks/adaptive.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * NoisyNet-DQN (Fortunato et al. 2018): {@link dqn} with noisy layers, σ₀ = 0.5, in place of ε.
 */
export function noisyDqn(): AgentPreset {
  return {
    ...dqn(),
    network: adaptive({ noisy: true }),
    explorer: noisyGreedy(),
  };
}
