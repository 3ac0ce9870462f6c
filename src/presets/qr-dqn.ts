import { linear } from '../common/schedules.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import { quantile } from '../heads/quantile.ts';
import { adam } from '../networks/optimizers.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * QR-DQN-1 (Dabney et al. 2018a): 200 quantiles, κ = 1.
 */
export function qrDqn(): AgentPreset {
  return {
    ...dqn(),
    head: quantile({ quantiles: 200, kappa: 1 }),
    explorer: epsilonGreedy(linear(1, 0.01, 1_000_000)),
    optimizer: adam({ learningRate: 5e-5, epsilon: 0.01 / 32 }),
  };
}
