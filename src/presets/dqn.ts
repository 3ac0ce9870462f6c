import { maxQ } from '../bootstrap/max-q.ts';
import { linear } from '../common/schedules.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import { expected } from '../heads/expected.ts';
import { adaptive } from '../networks/adaptive.ts';
import { rmsprop } from '../networks/optimizers.ts';
import { uniform } from '../replay/uniform.ts';
import { hard } from '../targets/hard.ts';
import type { AgentPreset } from './preset.ts';

/**
 * DQN as in Nature (Mnih et al. 2015, extended data table 1): centred RMSProp, one million transitions, target network copied every 10,000
 * updates, which are 40,000 steps. For images the paper's convolutions; see {@link adaptive}. Override what a smaller problem needs smaller:
 * `{ ...dqn(), replay: uniform({ capacity: 50_000 }), learningStarts: 1_000 }`.
 */
export function dqn(): AgentPreset {
  return {
    network: adaptive(),
    head: expected(),
    bootstrap: maxQ(),
    replay: uniform({ capacity: 1_000_000 }),
    explorer: epsilonGreedy(linear(1, 0.1, 1_000_000)),
    targetUpdater: hard({ period: 40_000 }),
    optimizer: rmsprop({ learningRate: 2.5e-4, decay: 0.95, epsilon: 0.01, centered: true }),
    maxGradientNorm: Infinity,
    discount: 0.99,
    batchSize: 32,
    learningStarts: 50_000,
    learnPeriod: 4,
  };
}
