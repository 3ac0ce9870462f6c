import { linear } from '../common/schedules.ts';
import { adaptive } from '../networks/adaptive.ts';
import { dataEfficientConvolutions } from '../networks/convolutions.ts';
import { adam } from '../networks/optimizers.ts';
import { prioritized } from '../replay/prioritized.ts';
import { hard } from '../targets/hard.ts';
import { rainbow } from './rainbow.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Data-efficient Rainbow (van Hasselt, Hessel and Aslanides 2019, table 2): {@link rainbow} for 100,000 steps, with an update at every one, 20-step returns
 * and a smaller network.
 */
export function dataEfficientRainbow(): AgentPreset {
  return {
    ...rainbow(),
    network: adaptive({ convolutions: dataEfficientConvolutions, hidden: [256], dueling: true, noisy: true }),
    replay: prioritized({ capacity: 100_000, priorityExponent: 0.5, importanceExponent: linear(0.4, 1, 100_000) }),
    nStep: 20,
    targetUpdater: hard({ period: 2_000 }),
    optimizer: adam({ learningRate: 1e-4, epsilon: 1.5e-4 }),
    learningStarts: 1_600,
    learnPeriod: 1,
  };
}
