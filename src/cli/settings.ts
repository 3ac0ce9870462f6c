import { adam, doubleQ, epsilonGreedy, hard, linear, mlp, uniform, type AgentOptions } from '../index.ts';
import { environments, type RegisteredEnvironment } from './environments.ts';

/** Settings that solve an environment. */
export interface Setting {
  /** The id of the environment. */
  readonly name: string;
  /** Environment steps to train for unless told otherwise. */
  readonly steps: number;
  /** The agent's options for a run of so many steps. */
  readonly options: (steps: number) => AgentOptions<'sync'>;
}

// Found by hand on a few seeds; `docs/benchmarks.md` names them and holds the study. Returns of three or five steps find distant rewards sooner, and a learning rate
// that falls to zero leaves a policy that stays where it got to.
export const settings: Readonly<Record<string, Setting>> = {
  cartpole: {
    name: 'CartPole-v1',
    steps: 50_000,
    options: (steps) => ({
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 50_000 }),
      nStep: 5,
      explorer: epsilonGreedy(linear(1, 0.04, 0.16 * steps)),
      targetUpdater: hard({ period: 256 }),
      optimizer: adam({ learningRate: linear(2.3e-3, 0, steps) }),
      batchSize: 64,
      learnPeriod: 256,
      updatesPerRound: 128,
    }),
  },
  acrobot: {
    name: 'Acrobot-v1',
    steps: 100_000,
    options: (steps) => ({
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 100_000 }),
      nStep: 5,
      explorer: epsilonGreedy(linear(1, 0.05, 0.12 * steps)),
      targetUpdater: hard({ period: 1_000 }),
      optimizer: adam({ learningRate: linear(1e-3, 0, steps) }),
      batchSize: 64,
      learnPeriod: 4,
      updatesPerRound: 3,
    }),
  },
  mountaincar: {
    name: 'MountainCar-v0',
    steps: 120_000,
    options: (steps) => ({
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 120_000 }),
      nStep: 3,
      explorer: epsilonGreedy(linear(1, 0.02, 0.2 * steps)),
      targetUpdater: hard({ period: 600 }),
      optimizer: adam({ learningRate: linear(4e-3, 0, steps) }),
      discount: 0.98,
      batchSize: 128,
      learnPeriod: 16,
      updatesPerRound: 8,
    }),
  },
  lunarlander: {
    name: 'LunarLander-v3',
    steps: 250_000,
    options: (steps) => ({
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 100_000 }),
      nStep: 3,
      explorer: epsilonGreedy(linear(1, 0.05, 0.1 * steps)),
      targetUpdater: hard({ period: 1_000 }),
      optimizer: adam({ learningRate: linear(5e-4, 0, steps) }),
      batchSize: 64,
      learnPeriod: 4,
      updatesPerRound: 4,
    }),
  },
};

/** The environment that settings are for. */
export function environmentOf({ name }: Setting): RegisteredEnvironment {
  const found = environments.find(({ id }) => id === name);
  if (!found) throw new Error(`There is no environment ${name}.`);
  return found;
}
