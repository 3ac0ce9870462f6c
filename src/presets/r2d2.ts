import { doubleQ } from '../bootstrap/double-q.ts';
import { linear } from '../common/schedules.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import { expected } from '../heads/expected.ts';
import { natureConvolutions } from '../networks/convolutions.ts';
import { adam } from '../networks/optimizers.ts';
import { recurrent } from '../networks/recurrent.ts';
import { sequences } from '../replay/sequences.ts';
import { hard } from '../targets/hard.ts';
import type { RecurrentPreset } from './preset.ts';

/**
 * R2D2 (Kapturowski et al. 2019, table 2): recurrent, dueling, Double, prioritized sequences of 80 steps after 40 of burn-in, 5-step returns of rescaled values.
 * The paper's 256 actors explore by a ladder: with a vector of environments pass `explorer: epsilonLadder({ streams })`. A GRU stands for its LSTM, and the last
 * action and reward are not among its inputs.
 */
export function r2d2(): RecurrentPreset {
  return {
    network: recurrent({ convolutions: natureConvolutions, units: 512, after: [512], dueling: true }),
    head: expected({ rescale: true }),
    bootstrap: doubleQ(),
    replay: sequences({
      capacity: 4_000_000,
      length: 80,
      burnIn: 40,
      prioritized: { priorityExponent: 0.9, importanceExponent: 0.6 },
    }),
    nStep: 5,
    explorer: epsilonGreedy(linear(1, 0.01, 250_000)),
    targetUpdater: hard({ period: 10_000 }),
    optimizer: adam({ learningRate: 1e-4, epsilon: 1e-3 }),
    maxGradientNorm: 40,
    discount: 0.997,
    batchSize: 64,
    learningStarts: 50_000,
    learnPeriod: 4,
  };
}
