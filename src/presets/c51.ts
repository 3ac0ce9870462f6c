import { linear } from '../common/schedules.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import { categorical } from '../heads/categorical.ts';
import { adam } from '../networks/optimizers.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * C51 (Bellemare, Dabney and Munos 2017): 51 atoms on [−10, 10]. Rewards are clipped to [−1, 1] there: for other returns pass a head whose support covers
 * them.
 */
export function c51(): AgentPreset {
  return {
    ...dqn(),
    head: categorical({ atoms: 51, vMin: -10, vMax: 10 }),
    explorer: epsilonGreedy(linear(1, 0.01, 1_000_000)),
    optimizer: adam({ learningRate: 2.5e-4, epsilon: 0.01 / 32 }),
  };
}
