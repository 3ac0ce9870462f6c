import {
  adam,
  adaptive,
  c51,
  categorical,
  doubleDqn,
  dqn,
  duelingDqn,
  epsilonGreedy,
  hard,
  implicitQuantile,
  iqn,
  linear,
  munchausenDqn,
  noisyDqn,
  noisyGreedy,
  perDqn,
  prioritized,
  qrDqn,
  quantile,
  rainbow,
  uniform,
  type AgentPreset,
} from '@scope/dqn';
import type { World } from './worlds.ts';

/** An algorithm of the menu: a preset of the library, shrunk from Atari to a small world. */
export interface Algorithm {
  readonly id: string;
  readonly name: string;
  /** What is special about it, as one sentence. */
  readonly about: string;
  readonly options: (world: World) => AgentPreset;
}

const hidden = [64, 64];

/** What is the same for all: a small network, a short memory, a target that follows soon. */
function small({ steps, explorationSteps, discount, nStep, learningRate }: World): AgentPreset {
  return {
    network: adaptive({ hidden }),
    replay: uniform({ capacity: 20_000 }),
    explorer: epsilonGreedy(linear(1, 0.05, explorationSteps)),
    targetUpdater: hard({ period: 250 }),
    optimizer: adam({ learningRate: linear(learningRate, learningRate / 10, steps) }),
    maxGradientNorm: 10,
    discount,
    nStep,
    batchSize: 32,
    learningStarts: 500,
    learnPeriod: 2,
  };
}

const support = ({ values: [vMin, vMax] }: World) => categorical({ atoms: 51, vMin, vMax });
const byPriority = ({ steps }: World) =>
  prioritized({ capacity: 20_000, priorityExponent: 0.5, importanceExponent: linear(0.4, 1, steps) });

/** The algorithms of the menu. */
export const algorithms: readonly Algorithm[] = [
  {
    id: 'dqn',
    name: 'DQN',
    about: 'Learns from replayed steps towards a network that is copied now and then.',
    options: (world) => ({ ...dqn(), ...small(world) }),
  },
  {
    id: 'double',
    name: 'Double DQN',
    about: 'One network chooses the next action, the other values it: less overestimation.',
    options: (world) => ({ ...doubleDqn(), ...small(world) }),
  },
  {
    id: 'dueling',
    name: 'Dueling DQN',
    about: 'Learns how good a state is apart from what each action adds to it.',
    options: (world) => ({ ...duelingDqn(), ...small(world), network: adaptive({ hidden, dueling: true }) }),
  },
  {
    id: 'per',
    name: 'Prioritized replay',
    about: 'Replays more often what surprised it more.',
    options: (world) => ({ ...perDqn(), ...small(world), replay: byPriority(world) }),
  },
  {
    id: 'noisy',
    name: 'Noisy networks',
    about: 'Explores by noise in its weights, which it learns to turn down.',
    options: (world) => ({ ...noisyDqn(), ...small(world), network: adaptive({ hidden, noisy: true }), explorer: noisyGreedy() }),
  },
  {
    id: 'c51',
    name: 'C51',
    about: 'Learns the distribution of returns as a histogram of 51 bars.',
    options: (world) => ({ ...c51(), ...small(world), head: support(world) }),
  },
  {
    id: 'qr',
    name: 'QR-DQN',
    about: 'Learns the distribution of returns by its quantiles.',
    options: (world) => ({ ...qrDqn(), ...small(world), head: quantile({ quantiles: 32 }) }),
  },
  {
    id: 'iqn',
    name: 'IQN',
    about: 'Learns any quantile of the returns that it is asked for.',
    options: (world) => ({ ...iqn(), ...small(world), head: implicitQuantile({ online: 8, target: 8, act: 16 }) }),
  },
  {
    id: 'munchausen',
    name: 'Munchausen DQN',
    about: 'Rewards itself for being sure of its action.',
    options: (world) => ({ ...munchausenDqn(), ...small(world), nStep: 1 }),
  },
  {
    id: 'rainbow',
    name: 'Rainbow',
    about: 'Double, dueling, prioritized, noisy, distributional, and returns of three steps: all in one.',
    options: (world) => ({
      ...rainbow(),
      ...small(world),
      network: adaptive({ hidden, dueling: true, noisy: true }),
      head: support(world),
      replay: byPriority(world),
      explorer: noisyGreedy(),
      nStep: 3,
    }),
  },
];
