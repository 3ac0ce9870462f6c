import { usableSettings } from './configuration/agent-options.ts';
import type { AgentSettings } from './configuration/schema.ts';
import { GYMNASIUM } from './environments.ts';
import { findPreset } from './presets.ts';

/** The numbers that solve an environment, in place of those that papers give for millions of frames of Atari. */
export interface TunedNumbers {
  /** Environment steps to train for. */
  readonly steps: number;
  /** The mean return from which on it counts as solved, where there is such a number: Gymnasium's where it has one. */
  readonly solved?: number;
  /** For every preset that has a use for them. */
  readonly agent: AgentSettings;
  /** What single presets have instead, by their names. */
  readonly presets?: Readonly<Record<string, AgentSettings>>;
}

/** What single presets have instead, everywhere. */
const ofPresets: Readonly<Record<string, AgentSettings>> = {
  // Long returns are what it is about; half of the 20 of the paper, for episodes that are shorter.
  'data-efficient-rainbow': { nStep: 10 },
  // A draw is twenty steps: of a quarter of the draws it learns from five times as many as others do.
  r2d2: { hidden: [64], batchSize: 16 },
  // An update takes time in proportion: a quarter of the paper's 32.
  fqf: { quantiles: 8 },
};

/** What all numbers begin with: rewards are far from 1 and steps are few. */
const small: AgentSettings = {
  optimizer: 'adam',
  maxGradientNorm: 10,
  discount: 0.99,
  learningStarts: 1_000,
  importanceExponent: { from: 0.4, to: 1, fraction: 1 },
  atoms: 51,
  quantiles: 25,
  units: 64,
  sequenceLength: 20,
  burnIn: 10,
};

/** As in "MinAtar" (Young and Tian 2019), with Adam as in "Revisiting Rainbow" (Obando-Ceron and Castro 2021); it learns from every second frame, between their every one and every fourth. */
const minAtar: TunedNumbers = {
  steps: 500_000,
  agent: {
    ...small,
    hidden: [128],
    learningRate: 2.5e-4,
    batchSize: 32,
    replayCapacity: 100_000,
    learningStarts: 5_000,
    learnPeriod: 2,
    targetPeriod: 1_000,
    epsilon: { from: 1, to: 0.05, fraction: 0.1 },
    vMin: 0,
    vMax: 50,
    sequenceLength: 16,
    burnIn: 4,
  },
  presets: {
    // A layer between the convolution and the embedding: a fraction is then 128 products wide in place of 1,024, an update a few times as quick.
    iqn: { hidden: [128, 128] },
    fqf: { hidden: [128, 128] },
    // Every step of a sequence is convolved.
    r2d2: { batchSize: 8, learnPeriod: 4 },
  },
};

// Found by hand on a few seeds; `docs/benchmarks.md` names them, and `docs/learning-study.md` holds what comes of them on others. Returns of three or five steps find
// distant rewards sooner, and a learning rate that falls to zero leaves a policy that stays where it got to.
/** Tuned numbers by the ids of their environments. */
export const zoo: Readonly<Record<string, TunedNumbers>> = {
  'CartPole-v1': {
    steps: 50_000,
    solved: 475,
    agent: {
      ...small,
      hidden: [128, 128],
      learningRate: { from: 2.3e-3, to: 0, fraction: 1 },
      batchSize: 64,
      replayCapacity: 50_000,
      nStep: 5,
      epsilon: { from: 1, to: 0.04, fraction: 0.16 },
      targetPeriod: 256,
      learnPeriod: 256,
      updatesPerRound: 128,
      vMin: 0,
      vMax: 100,
    },
    presets: {
      // One-step returns reach far only by a target that follows at once; and a short memory forgets how the pole fell at first.
      'munchausen-dqn': {
        learningRate: { from: 5e-4, to: 0, fraction: 1 },
        replayCapacity: 5_000,
        targetRate: 0.01,
        learnPeriod: 16,
        updatesPerRound: 16,
      },
      'noisy-dqn': {
        learningRate: { from: 1.8e-3, to: 0, fraction: 1 },
        batchSize: 32,
        replayCapacity: 5_000,
        learningStarts: 200,
        nStep: 3,
        targetPeriod: 300,
        learnPeriod: 16,
        updatesPerRound: 8,
      },
    },
  },
  'Acrobot-v1': {
    steps: 100_000,
    solved: -100,
    agent: {
      ...small,
      hidden: [128, 128],
      learningRate: { from: 1e-3, to: 0, fraction: 1 },
      batchSize: 64,
      replayCapacity: 100_000,
      nStep: 5,
      epsilon: { from: 1, to: 0.05, fraction: 0.12 },
      targetPeriod: 1_000,
      learnPeriod: 4,
      updatesPerRound: 3,
      vMin: -100,
      vMax: 0,
    },
  },
  'MountainCar-v0': {
    steps: 120_000,
    solved: -110,
    agent: {
      ...small,
      hidden: [128, 128],
      learningRate: { from: 4e-3, to: 0, fraction: 1 },
      discount: 0.98,
      batchSize: 128,
      replayCapacity: 120_000,
      nStep: 3,
      epsilon: { from: 1, to: 0.02, fraction: 0.2 },
      targetPeriod: 600,
      learnPeriod: 16,
      updatesPerRound: 8,
      vMin: -50,
      vMax: 0,
    },
    presets: {
      'data-efficient-rainbow': { nStep: 3 },
      // A bonus of nearly the reward's size is a price on the ways that it has not tried.
      'munchausen-dqn': { munchausenAlpha: 0.3, targetRate: 0.05 },
      'averaged-dqn': { targetPeriod: 100 },
      'dueling-dqn': { learningRate: { from: 2e-3, to: 0, fraction: 1 } },
      // New noise at every step hardly ever gets up the hill; the same for an episode does at once.
      'noisy-dqn': { noiseHold: 'episode' },
      rainbow: { noiseHold: 'episode' },
    },
  },
  'LunarLander-v3': {
    steps: 250_000,
    solved: 200,
    agent: {
      ...small,
      hidden: [128, 128],
      learningRate: { from: 5e-4, to: 0, fraction: 1 },
      batchSize: 64,
      replayCapacity: 100_000,
      nStep: 3,
      epsilon: { from: 1, to: 0.05, fraction: 0.1 },
      targetPeriod: 1_000,
      learnPeriod: 4,
      updatesPerRound: 4,
      atoms: 101,
      vMin: -250,
      vMax: 250,
    },
  },
  DeepSea: {
    steps: 20_000,
    solved: 0.9,
    agent: {
      ...small,
      hidden: [48],
      learningRate: 1e-3,
      batchSize: 32,
      replayCapacity: 20_000,
      learningStarts: 200,
      nStep: 1,
      epsilon: { from: 1, to: 0.05, fraction: 0.25 },
      targetPeriod: 100,
      learnPeriod: 1,
      updatesPerRound: 1,
      vMin: -0.1,
      vMax: 1.1,
    },
    presets: {
      // Heads that differ by their first weights alone agree too soon to dive deeper than ten rows.
      'bootstrapped-dqn': { priorScale: 3 },
      // Their estimates begin in the middle of the support, above all that there is, and explore until that is forgotten: not too soon.
      rainbow: { learningRate: 1e-4 },
      'data-efficient-rainbow': { learningRate: 1e-4, nStep: 3 },
    },
  },
  'MinAtar/Asterix-v1': minAtar,
  'MinAtar/Breakout-v1': minAtar,
  'MinAtar/Freeway-v1': minAtar,
  'MinAtar/Seaquest-v1': minAtar,
  'MinAtar/SpaceInvaders-v1': minAtar,
};

/** What is known of an environment; Python's is the same as ours. */
export function tunedFor(environment: string): TunedNumbers | undefined {
  return zoo[environment.startsWith(GYMNASIUM) ? environment.slice(GYMNASIUM.length) : environment];
}

/** The tuned numbers of an environment that a preset has a use for; nothing where there are none. */
export function tunedNumbers(environment: string, preset: string): AgentSettings | undefined {
  const tuned = tunedFor(environment);
  const found = findPreset(preset);
  if (!tuned || !found) return undefined;
  return usableSettings(found, { ...tuned.agent, ...ofPresets[preset], ...tuned.presets?.[preset] });
}
