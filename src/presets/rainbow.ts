import { doubleQ } from '../bootstrap/double-q.ts';
import { linear } from '../common/schedules.ts';
import { noisyGreedy } from '../exploration/noisy-greedy.ts';
import { categorical } from '../heads/categorical.ts';
import { adaptive } from '../networks/adaptive.ts';
import { adam } from '../networks/optimizers.ts';
import { prioritized } from '../replay/prioritized.ts';
import { hard } from '../targets/hard.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Rainbow (Hessel et al. 2018, table 1): Double, prioritized, dueling, 3-step, C51 and noisy DQN in one. β rises over 50 million steps (shorten it to your
 * run). The support [−10, 10] fits clipped rewards: for other returns pass `head: categorical({ vMin, vMax })`. Estimates begin in its middle: neutral
 * where that is 0, optimistic where it is above all returns, and then they explore until that is forgotten.
 */
export function rainbow(): AgentPreset {
  return {
    network: adaptive({ dueling: true, noisy: true }),
    head: categorical({ atoms: 51, vMin: -10, vMax: 10 }),
    bootstrap: doubleQ(),
    replay: prioritized({ capacity: 1_000_000, priorityExponent: 0.5, importanceExponent: linear(0.4, 1, 50_000_000) }),
    nStep: 3,
    explorer: noisyGreedy(),
    targetUpdater: hard({ period: 8_000 }),
    optimizer: adam({ learningRate: 6.25e-5, epsilon: 1.5e-4 }),
    maxGradientNorm: 10,
    discount: 0.99,
    batchSize: 32,
    learningStarts: 20_000,
    learnPeriod: 4,
  };
}
