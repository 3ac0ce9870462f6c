// What the study of recorded experience trains: the worlds, their datasets, and the algorithms.
import type { Policy } from '../../src/agent/policy.ts';
import { CartPole, MountainCar } from '../../src/environments/index.ts';
import {
  adam,
  createAgent,
  doubleQ,
  epsilonGreedy,
  evaluate,
  expected,
  hard,
  linear,
  loadPolicy,
  mlp,
  train,
  uniform,
  type AgentOptions,
  type Environment,
} from '../../src/index.ts';
import {
  behaviorCloning,
  conservative,
  constrained,
  Dataset,
  joinDatasets,
  recordDataset,
  recorder,
  supported,
  trainOffline,
} from '../../src/offline/index.ts';

/** A world, and how a first agent learns in it online. */
export interface World {
  readonly name: string;
  readonly create: () => Environment<Float32Array, number>;
  /** Environment steps of the online run. */
  readonly steps: number;
  readonly options: AgentOptions<'sync'>;
}

/** With settings that solve them. */
export const worlds: readonly World[] = [
  {
    name: 'CartPole',
    create: () => new CartPole(),
    steps: 50_000,
    options: {
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 50_000 }),
      nStep: 5,
      explorer: epsilonGreedy(linear(1, 0.04, 8_000)),
      targetUpdater: hard({ period: 256 }),
      optimizer: adam({ learningRate: linear(2.3e-3, 0, 50_000) }),
      learnPeriod: 256,
      updatesPerRound: 128,
    },
  },
  {
    name: 'MountainCar',
    create: () => new MountainCar(),
    steps: 120_000,
    options: {
      network: mlp({ hidden: [128, 128] }),
      bootstrap: doubleQ(),
      replay: uniform({ capacity: 120_000 }),
      nStep: 3,
      explorer: epsilonGreedy(linear(1, 0.02, 24_000)),
      targetUpdater: hard({ period: 600 }),
      optimizer: adam({ learningRate: linear(4e-3, 0, 120_000) }),
      discount: 0.98,
      batchSize: 128,
      learnPeriod: 16,
      updatesPerRound: 8,
    },
  },
];

/** Steps of every dataset. */
export const SIZE = 10_000;
/** Updates of every run. */
export const UPDATES = 20_000;
export const setNames = ['random', 'medium', 'expert', 'mixed', 'replay'] as const;
export const algorithms = ['DQN', 'CQL', 'BCQ', 'BC'] as const;

/** The name of a dataset. */
export type SetName = (typeof setNames)[number];
/** The name of an algorithm. */
export type Algorithm = (typeof algorithms)[number];

/** Episodes of an evaluation, and where their seeds begin. */
const judged = { episodes: 20, seed: 1_000_000 };

/** What an online run leaves. */
export interface Recording {
  readonly sets: Readonly<Record<SetName, Dataset>>;
  /** Mean returns of chance, and of the best policy that the run had. */
  readonly random: number;
  readonly online: number;
  /** Mean return of the policy half as good. */
  readonly medium: number;
}

/** Lets an agent learn online and makes the five datasets of what it did and became. */
export async function record({ create, steps, options }: World): Promise<Recording> {
  const environment = recorder(create());
  const agent = await createAgent(environment, { ...options, seed: 1 });
  const policies: { readonly mean: number; readonly bytes: Uint8Array }[] = [];
  for await (const event of train(agent, environment, { steps, seed: 1 })) {
    if (event.kind !== 'step' || event.step % (steps / 50) !== 0) continue;
    const { mean } = await evaluate(agent, create(), judged);
    policies.push({ mean, bytes: await agent.savePolicy() });
  }
  agent.dispose();
  const chance = await recordDataset('random', create(), { episodes: 100, seed: 2 });
  const random = meanOf(chance.returns());
  const best = policies.reduce((a, b) => (b.mean > a.mean ? b : a));
  const half = (random + best.mean) / 2;
  const medium = policies.reduce((a, b) => (Math.abs(b.mean - half) < Math.abs(a.mean - half) ? b : a));
  const play = async (bytes: Uint8Array, size: number, seed: number) =>
    recordDataset(await loadPolicy(bytes, create()), create(), { steps: size, seed });
  const sets = {
    random: await recordDataset('random', create(), { steps: SIZE, seed: 3 }),
    medium: await play(medium.bytes, SIZE, 4),
    expert: await play(best.bytes, SIZE, 5),
    mixed: joinDatasets([
      await recordDataset('random', create(), { steps: 0.8 * SIZE, seed: 6 }),
      await play(best.bytes, 0.2 * SIZE, 7),
    ]),
    replay: spread(environment.dataset(), SIZE),
  };
  return { sets, random, online: best.mean, medium: medium.mean };
}

/** Episodes evenly spread over a dataset, about `size` steps of them. */
function spread(dataset: Dataset, size: number): Dataset {
  const parts: Dataset[] = [];
  let steps = 0;
  for (let episode = 0; episode < dataset.episodes; episode++) {
    const [start, end] = [dataset.start(episode), dataset.episodeEnds[episode]];
    // As many as there would be by now.
    if (steps + (end - start) / 2 > (size * end) / dataset.size) continue;
    steps += end - start;
    const { observationSize, actionCount } = dataset;
    parts.push(
      new Dataset({
        observationSize,
        actionCount,
        observations: dataset.observations.slice((start + episode) * observationSize, (end + episode + 1) * observationSize),
        actions: dataset.actions.slice(start, end),
        rewards: dataset.rewards.slice(start, end),
        terminations: dataset.terminations.slice(start, end),
        truncations: dataset.truncations.slice(start, end),
        episodeEnds: Int32Array.of(end - start),
      }),
    );
  }
  return joinDatasets(parts);
}

/** The same dataset with every number of its observations in one of so many bins between the smallest and the largest of all datasets: for the coverage. */
export function digitised(dataset: Dataset, all: readonly Dataset[], bins: number): Dataset {
  const { observationSize } = dataset;
  const low = new Float64Array(observationSize).fill(Infinity);
  const high = new Float64Array(observationSize).fill(-Infinity);
  for (const { observations } of all) {
    for (let i = 0; i < observations.length; i++) {
      const axis = i % observationSize;
      low[axis] = Math.min(low[axis], observations[i]);
      high[axis] = Math.max(high[axis], observations[i]);
    }
  }
  const binOf = (x: number, axis: number) =>
    Math.min(bins - 1, Math.floor((bins * (x - low[axis])) / (high[axis] - low[axis] || 1)));
  return new Dataset({
    ...dataset,
    observations: Float32Array.from(dataset.observations, (x, i) => binOf(x, i % observationSize)),
  });
}

/** Learns from a dataset and gives the mean return of the policy at the end. */
export async function learn({ create }: World, dataset: Dataset, algorithm: Algorithm, seed: number): Promise<number> {
  const world = create();
  const network = mlp({ hidden: [64, 64] });
  const optimizer = adam({ learningRate: 5e-4 });
  const clone = async (updates: number) => {
    const cloning = await behaviorCloning(world, { network, optimizer, seed });
    await finish(trainOffline(cloning, dataset, { updates }));
    return cloning;
  };
  const judge = async (policy: Policy<Float32Array>) => (await evaluate(policy, create(), judged)).mean;
  if (algorithm === 'BC') return judge(await clone(UPDATES));
  const agent = await createAgent(world, {
    network,
    optimizer,
    head: algorithm === 'CQL' ? conservative(expected(), { alpha: 1 }) : expected(),
    bootstrap: doubleQ(),
    replay: uniform({ capacity: dataset.size }),
    targetUpdater: hard({ period: 200 }),
    discount: 0.99,
    seed,
  });
  const constraint = algorithm === 'BCQ' ? supported(await clone(UPDATES / 4), { threshold: 0.3 }) : undefined;
  await finish(trainOffline(agent, dataset, { updates: UPDATES, constraint }));
  const mean = await judge(constraint ? constrained(agent, constraint, world) : agent);
  agent.dispose();
  return mean;
}

async function finish(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
