// The worlds of the study: what is trained there, with what settings, and what is measured.
import { adam, evaluate, hard, type Agent, type AgentOptions, type Environment, type EpisodeEvent } from '../../src/index.ts';
import { Acrobot, DeepSea } from '../../src/environments/index.ts';
import { Corridor, NoisyChain } from './environments.ts';

/** A number that is taken of every run. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  /** Whether more is better. */
  readonly more: boolean;
  /** Digits behind the point. */
  readonly digits: number;
}

/** Takes the metrics of one run. */
export interface Recorder {
  episode?(event: EpisodeEvent): void;
  /** Called every {@link Study.probePeriod} steps. */
  probe?(agent: Agent<Float32Array>, step: number): void;
  finish(agent: Agent<Float32Array>): Promise<Record<string, number>>;
}

/** One world of the study. */
export interface Study {
  readonly name: string;
  /** What happens there, for the report. */
  readonly about: string;
  readonly create: () => Environment<Float32Array, number>;
  readonly steps: number;
  readonly hidden: readonly number[];
  /** Of the categorical head: where the returns lie. */
  readonly support: { readonly vMin: number; readonly vMax: number };
  /** ε falls from 1 to `end` over `steps`. */
  readonly exploration: { readonly end: number; readonly steps: number };
  readonly options: AgentOptions<'sync'>;
  /** Steps between probes. */
  readonly probePeriod: number;
  /** The first is the score of the study. */
  readonly metrics: readonly Metric[];
  /** The score as a share of what is possible, about 0 … 1, to be pooled over worlds. */
  readonly normalize: (score: number) => number;
  readonly record: (seed: number) => Recorder;
}

const small: AgentOptions<'sync'> = {
  targetUpdater: hard({ period: 100 }),
  optimizer: adam({ learningRate: 1e-3 }),
  batchSize: 32,
  learningStarts: 200,
};

const deepSea: Study = {
  name: 'DeepSea',
  about: 'DeepSea of 10 × 10: a treasure that random moves find once in 1,024 episodes, and every move towards it costs a little.',
  create: () => new DeepSea({ size: 10 }),
  steps: 8_000,
  hidden: [48],
  support: { vMin: -0.1, vMax: 1.1 },
  exploration: { end: 0.05, steps: 2_000 },
  options: small,
  probePeriod: 8_000,
  metrics: [
    { key: 'treasures', label: 'episodes that reach the treasure', more: true, digits: 2 },
    { key: 'first', label: 'step of the first treasure (8,000 for never)', more: false, digits: 0 },
  ],
  normalize: (share) => share,
  record: () => {
    let episodes = 0;
    let treasures = 0;
    let first = deepSea.steps;
    return {
      episode: (event) => {
        episodes++;
        if (event.return < 0.5) return;
        treasures++;
        first = Math.min(first, event.step);
      },
      finish: async () => ({ treasures: treasures / episodes, first }),
    };
  },
};

const noisyChain: Study = {
  name: 'Noisy chain',
  about:
    'Five states, each with an exit of reward 0 and eight gambles of mean −0.1 and standard deviation 1: leaving at once is best.',
  create: () => new NoisyChain(),
  steps: 6_000,
  hidden: [48],
  support: { vMin: -5, vMax: 5 },
  exploration: { end: 0.1, steps: 1_200 },
  options: small,
  probePeriod: 50,
  metrics: [
    { key: 'exits', label: 'greedy policy leaves at once', more: true, digits: 2 },
    { key: 'bias', label: 'overestimation, max Q − Q*', more: false, digits: 3 },
  ],
  normalize: (share) => share,
  record: () => {
    const start = new NoisyChain().reset().observation;
    let probes = 0;
    let exits = 0;
    let bias = 0;
    return {
      probe: (agent, step) => {
        if (step <= noisyChain.exploration.steps) return;
        const values = agent.qValues(start);
        const best = Math.max(...values);
        probes++;
        // The best possible value is 0.
        bias += best;
        if (values[0] === best) exits++;
      },
      finish: async () => ({ exits: exits / probes, bias: bias / probes }),
    };
  },
};

const corridor: Study = {
  name: 'Corridor',
  about:
    'Twenty-five cells with one reward at the end, which a random walk rarely meets before the episode is cut off after 100 steps.',
  create: () => new Corridor({ length: 25 }),
  steps: 8_000,
  hidden: [48],
  support: { vMin: -0.1, vMax: 1.1 },
  exploration: { end: 0.05, steps: 4_000 },
  options: small,
  probePeriod: 8_000,
  metrics: [
    { key: 'successes', label: 'episodes that reach the end', more: true, digits: 2 },
    { key: 'goals', label: 'times the end was reached', more: true, digits: 0 },
  ],
  normalize: (share) => share,
  record: () => {
    let episodes = 0;
    let goals = 0;
    return {
      episode: ({ terminated }) => {
        episodes++;
        if (terminated) goals++;
      },
      finish: async () => ({ successes: goals / episodes, goals }),
    };
  },
};

const acrobot: Study = {
  name: 'Acrobot',
  about: 'Acrobot-v1 with few steps: reward −1 until the tip is high enough, at most 500 steps an episode.',
  create: () => new Acrobot(),
  steps: 15_000,
  hidden: [64, 64],
  support: { vMin: -100, vMax: 0 },
  exploration: { end: 0.05, steps: 3_000 },
  options: { ...small, targetUpdater: hard({ period: 250 }), learningStarts: 1_000 },
  probePeriod: 15_000,
  metrics: [
    { key: 'late', label: 'mean return of the last third of training', more: true, digits: 0 },
    { key: 'greedy', label: 'greedy return afterwards', more: true, digits: 0 },
  ],
  normalize: (mean) => (mean + 500) / (500 - 70),
  record: (seed) => {
    const returns: number[] = [];
    return {
      episode: (event) => {
        if (event.step > (acrobot.steps * 2) / 3) returns.push(event.return);
      },
      finish: async (agent) => {
        const { mean } = await evaluate(agent, new Acrobot(), { episodes: 20, seed: 1_000_000 + seed });
        return { late: returns.length > 0 ? returns.reduce((sum, value) => sum + value, 0) / returns.length : -500, greedy: mean };
      },
    };
  },
};

export const studies: readonly Study[] = [deepSea, noisyChain, corridor, acrobot];
