import { munchausen } from '../bootstrap/munchausen.ts';
import { linear } from '../common/schedules.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import { adam } from '../networks/optimizers.ts';
import { hard } from '../targets/hard.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Munchausen-DQN (Vieillard, Pietquin and Geist 2020, table 2): α = 0.9, τ = 0.03, l₀ = −1, Adam.
 */
export function munchausenDqn(): AgentPreset {
  return {
    ...dqn(),
    bootstrap: munchausen({ alpha: 0.9, temperature: 0.03, clip: -1 }),
    explorer: epsilonGreedy(linear(1, 0.01, 250_000)),
    targetUpdater: hard({ period: 8_000 }),
    optimizer: adam({ learningRate: 5e-5, epsilon: 0.01 / 32 }),
    learningStarts: 20_000,
  };
}
