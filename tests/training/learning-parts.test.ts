// Every part learns something: what a small world is worth is known exactly, or a task is solved that cannot be solved without the part.
import { describe, expect, test } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { CommonOptions, Environment, FeedForwardOptions } from '../../src/index.ts';
import { Chain, DeepSea } from '../../src/environments/index.ts';

const { createAgent, evaluate, train } = dqn;

async function finish<Observation>(agent: dqn.Agent<Observation>, environment: Environment<Observation, number>, steps: number) {
  for await (const _ of train(agent, environment, { steps }));
}

describe('Chain, whose Q* is known exactly', () => {
  const steps = 5_000;
  const discount = 0.9;
  const base: FeedForwardOptions<'sync'> = {
    network: dqn.mlp({ hidden: [] }),
    replay: dqn.uniform({ capacity: steps }),
    bootstrap: dqn.maxQ(),
    explorer: dqn.epsilonGreedy(1),
    targetUpdater: dqn.hard({ period: 50 }),
    optimizer: dqn.adam({ learningRate: dqn.linear(0.02, 0.001, steps) }),
    discount,
    batchSize: 32,
    learningStarts: 100,
  };
  const deep = { network: dqn.mlp({ hidden: [32] }), optimizer: dqn.adam({ learningRate: dqn.linear(0.005, 0.0002, steps) }) };

  const parts: [string, FeedForwardOptions<'sync'>, tolerance?: number][] = [
    ['c51', { head: dqn.categorical({ atoms: 31, vMin: -0.5, vMax: 1.5 }), ...deep }],
    ['quantiles', { head: dqn.quantile({ quantiles: 16 }) }],
    ['implicit quantiles', { head: dqn.implicitQuantile({ cosines: 16, online: 8, target: 8, act: 16 }), ...deep }],
    ['fully parameterised quantiles', { head: dqn.fullyParameterisedQuantile({ fractions: 8, cosines: 16 }), ...deep }],
    ['rescaled values', { head: dqn.expected({ rescale: true }) }],
    ['the mean of the last targets', { bootstrap: dqn.averagedQ({ targets: 4 }) }],
    ['the lower of two networks', { bootstrap: dqn.clippedDoubleQ() }],
    ['expected SARSA, greedy in the end', { bootstrap: dqn.expectedSarsa({ epsilon: dqn.linear(0.5, 0, 3_000) }) }],
    ['mellowmax at a high ω', { bootstrap: dqn.mellowmaxQ({ omega: 200 }) }],
    ['softmax at a low temperature', { bootstrap: dqn.softmaxQ({ temperature: 0.005 }) }],
    ['dueling streams', { network: dqn.mlp({ hidden: [32], dueling: true }), optimizer: deep.optimizer }],
    ['dueling streams joined at the maximum', { network: dqn.mlp({ hidden: [32], dueling: 'max' }), optimizer: deep.optimizer }],
    ['a random prior', { network: dqn.randomPrior(dqn.mlp({ hidden: [32] })), optimizer: deep.optimizer }],
    ['priorities', { replay: dqn.prioritized({ capacity: steps, importanceExponent: 1 }) }],
    ['priorities by rank', { replay: dqn.rankPrioritized({ capacity: steps, importanceExponent: 1 }) }],
    ['the latest transition always', { replay: dqn.combined(dqn.uniform({ capacity: steps })) }],
    ['strata of age', { replay: dqn.stratified({ capacity: steps }) }],
    ['heads of their own', { explorer: dqn.bootstrapped({ heads: 4, probability: 0.5 }), ...deep }, 0.12],
  ];
  test.each(parts)('%s: the values learned are Q*, and the greedy policy is optimal', async (_, options, tolerance = 0.08) => {
    const environment = new Chain();
    const agent = await createAgent(environment, { ...base, ...options, seed: 1 });
    await finish(agent, environment, steps);
    const optimal = environment.optimalQ(discount);
    for (let state = 1; state < environment.observationSpace.n - 1; state++) {
      const q = agent.qValues(state);
      for (let a = 0; a < 2; a++) expect(Math.abs(q[a] - optimal[2 * state + a])).toBeLessThan(tolerance);
      expect(agent.act(state, { explore: false })).toBe(optimal[2 * state] > optimal[2 * state + 1] ? 0 : 1);
    }
  });
});

/** A cue of two is shown in the first step alone; after some steps of nothing the answer must be the same. */
class Recall implements Environment<Float32Array, number> {
  readonly observationSpace = dqn.box({ low: 0, high: 1, shape: [3] });
  readonly actionSpace = dqn.discrete(2);
  readonly #delay: number;
  #random = new dqn.Random(0);
  #cue = 0;
  #time = 0;

  constructor(delay: number) {
    this.#delay = delay;
  }

  reset({ seed }: dqn.ResetOptions = {}) {
    if (seed !== undefined) this.#random = new dqn.Random(seed);
    this.#cue = this.#random.integer(2);
    this.#time = 0;
    return { observation: Float32Array.of(this.#cue, 1 - this.#cue, 0), info: {} };
  }

  step(action: number) {
    this.#time++;
    const terminated = this.#time > this.#delay;
    const reward = terminated ? (action === this.#cue ? 1 : -1) : 0;
    const asked = this.#time === this.#delay ? 1 : 0;
    return { observation: Float32Array.of(0, 0, asked), reward, terminated, truncated: false, info: {} };
  }
}

describe('a cue to be remembered', () => {
  const delay = 5;
  const common: CommonOptions<'sync'> = {
    explorer: dqn.epsilonGreedy(dqn.linear(1, 0.05, 1_500)),
    targetUpdater: dqn.hard({ period: 100 }),
    optimizer: dqn.adam({ learningRate: 3e-3 }),
    learningStarts: 200,
    batchSize: 16,
  };

  test.each([1, 2])('seed %i: is recalled by a network with memory, from stored states and burn-in', async (seed) => {
    const agent = await createAgent(new Recall(delay), {
      ...common,
      network: dqn.recurrent({ units: 16 }),
      replay: dqn.sequences({ capacity: 4_000, length: 6, burnIn: 2 }),
      learnPeriod: 2,
      seed,
    });
    await finish(agent, new Recall(delay), 5_000);
    const { mean } = await evaluate(agent, new Recall(delay), { episodes: 50, seed: 1_000 });
    expect(mean).toBe(1);
  });

  test('cannot be recalled without', async () => {
    const agent = await createAgent(new Recall(delay), { ...common, network: dqn.mlp({ hidden: [16] }), learnPeriod: 4, seed: 1 });
    await finish(agent, new Recall(delay), 3_000);
    const { mean } = await evaluate(agent, new Recall(delay), { episodes: 100, seed: 1_000 });
    expect(mean).toBeLessThan(0.5);
  });
});

describe('a treasure that random moves find once in 4,096 episodes', () => {
  const run = async (network: dqn.NetworkFactory<false>, seed: number): Promise<number> => {
    const environment = new DeepSea({ size: 12 });
    const agent = await createAgent(environment, {
      network,
      explorer: dqn.bootstrapped({ heads: 10 }),
      replay: dqn.uniform({ capacity: 10_000 }),
      targetUpdater: dqn.hard({ period: 100 }),
      optimizer: dqn.adam({ learningRate: 1e-3 }),
      learningStarts: 100,
      learnPeriod: 2,
      batchSize: 32,
      seed,
    });
    await finish(agent, environment, 8_000);
    return (await evaluate(agent, new DeepSea({ size: 12 }), { episodes: 1, seed: 9 })).mean;
  };
  const plain = dqn.mlp({ hidden: [32] });

  test.each([1, 2, 3])('seed %i: is found within 667 by heads with random priors', async (seed) => {
    expect(await run(dqn.randomPrior(plain), seed)).toBeCloseTo(0.99, 6);
  });

  test('is not found by heads that differ by their first weights alone', async () => {
    expect(await run(plain, 1)).toBeLessThan(0.1);
  });
});

const BITS = 7;

/** Flip bits until they equal the goal; every step costs 1. */
class FlipBits implements Environment<Float32Array, number> {
  readonly observationSpace = dqn.box({ low: 0, high: 1, shape: [2 * BITS] });
  readonly actionSpace = dqn.discrete(BITS);
  #random = new dqn.Random(0);
  #values = new Float32Array(2 * BITS);
  #time = 0;

  reset({ seed }: dqn.ResetOptions = {}) {
    if (seed !== undefined) this.#random = new dqn.Random(seed);
    this.#values = Float32Array.from({ length: 2 * BITS }, () => this.#random.integer(2));
    this.#time = 0;
    return { observation: this.#values.slice(), info: {} };
  }

  step(action: number) {
    this.#values[action] = 1 - this.#values[action];
    const terminated = this.#values.subarray(0, BITS).every((bit, i) => bit === this.#values[BITS + i]);
    const truncated = !terminated && ++this.#time === BITS;
    return { observation: this.#values.slice(), reward: terminated ? 0 : -1, terminated, truncated, info: {} };
  }
}

describe('bits to be flipped to a goal', () => {
  const steps = 8_000;
  const run = async (hindsight: boolean) => {
    const inner = dqn.uniform({ capacity: 50_000 });
    const equal = (a: Float32Array, b: Float32Array): boolean => a.every((x, i) => x === b[i]);
    const options = {
      goals: 4,
      achieved: [0, BITS],
      desired: [BITS, 2 * BITS],
      reward: (a: Float32Array, b: Float32Array) => (equal(a, b) ? 0 : -1),
      terminates: equal,
    } as const;
    const agent = await createAgent(new FlipBits(), {
      network: dqn.mlp({ hidden: [64] }),
      replay: hindsight ? dqn.hindsight(inner, options) : inner,
      explorer: dqn.epsilonGreedy(0.2),
      targetUpdater: dqn.hard({ period: 200 }),
      optimizer: dqn.adam({ learningRate: 2e-3 }),
      discount: 0.95,
      batchSize: 64,
      learningStarts: 200,
      learnPeriod: 2,
      seed: 1,
    });
    await finish(agent, new FlipBits(), steps);
    const { returns } = await evaluate(agent, new FlipBits(), { episodes: 100, seed: 500 });
    return returns.filter((each) => each > -BITS).length / 100;
  };

  test('are with goals relabelled in hindsight, and are not without', async () => {
    const [withIt, without] = [await run(true), await run(false)];
    expect(withIt).toBeGreaterThan(0.9);
    expect(without).toBeLessThan(0.6);
  });
});

/** One round of a zero-sum game of two players, `payoffs[first][second]` to the first. */
class Duel implements Environment<number, number> {
  readonly observationSpace = dqn.discrete(1);
  readonly actionSpace = dqn.discrete(4);
  readonly #payoffs: readonly number[];

  constructor(payoffs: readonly number[]) {
    this.#payoffs = payoffs;
  }

  reset() {
    return { observation: 0, info: {} };
  }

  step(action: number) {
    return { observation: 0, reward: this.#payoffs[action], terminated: false, truncated: false, info: {} };
  }
}

test('two players reach the value of their game, repeated for ever, and its mixed strategies', async () => {
  // The value of a 2 × 2 game without a saddle: (ad − bc) / (a + d − b − c) = (2 · 1 − 1) / 5, by 2/5 and 3/5 of both players.
  const payoffs = [2, -1, -1, 1];
  const value = 0.2;
  const discount = 0.5;
  const agent = await createAgent(new Duel(payoffs), {
    network: dqn.mlp({ hidden: [] }),
    bootstrap: dqn.minimaxQ({ actions: [2, 2] }),
    explorer: dqn.equilibrium({ actions: [2, 2], epsilon: 0.3 }),
    optimizer: dqn.adam({ learningRate: dqn.linear(0.05, 0.001, 3_000) }),
    targetUpdater: dqn.hard({ period: 20 }),
    discount,
    batchSize: 16,
    learningStarts: 50,
    seed: 1,
  });
  await finish(agent, new Duel(payoffs), 3_000);
  const q = agent.qValues(0);
  const future = (discount * value) / (1 - discount);
  payoffs.forEach((payoff, a) => expect(q[a]).toBeCloseTo(payoff + future, 1));
  const game = dqn.solveMatrixGame(q, 2, 2);
  expect(game.value).toBeCloseTo(value / (1 - discount), 1);
  expect(game.row[0]).toBeCloseTo(0.4, 1);
  expect(game.column[0]).toBeCloseTo(0.4, 1);
});

test('soft values: Munchausen without its bonus and soft Q-learning agree with soft value iteration', async () => {
  const temperature = 0.2;
  const discount = 0.9;
  const steps = 5_000;
  const environment = new Chain();
  const states = environment.observationSpace.n;
  // V(s) = τ log Σ_a exp(Q(s, a) / τ), iterated to its fixed point.
  let soft = new Float64Array(2 * states);
  for (let sweep = 0; sweep < 500; sweep++) {
    const next = new Float64Array(2 * states);
    for (const { state, action, probability, nextState, reward, terminated } of environment.transitions) {
      const v =
        temperature * Math.log(Math.exp(soft[2 * nextState] / temperature) + Math.exp(soft[2 * nextState + 1] / temperature));
      next[2 * state + action] += probability * (reward + (terminated ? 0 : discount * v));
    }
    soft = next;
  }
  for (const bootstrap of [dqn.softQ({ temperature }), dqn.munchausen({ temperature, alpha: 0 })]) {
    const agent = await createAgent(environment, {
      network: dqn.mlp({ hidden: [] }),
      bootstrap,
      replay: dqn.uniform({ capacity: steps }),
      explorer: dqn.epsilonGreedy(1),
      targetUpdater: dqn.hard({ period: 50 }),
      optimizer: dqn.adam({ learningRate: dqn.linear(0.02, 0.001, steps) }),
      discount,
      batchSize: 32,
      learningStarts: 100,
      seed: 1,
    });
    await finish(agent, environment, steps);
    for (let state = 1; state < states - 1; state++) {
      const q = agent.qValues(state);
      for (let a = 0; a < 2; a++) expect(Math.abs(q[a] - soft[2 * state + a])).toBeLessThan(0.1);
    }
  }
});
