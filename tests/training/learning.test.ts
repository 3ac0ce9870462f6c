import { describe, expect, test } from 'vitest';
import { adam, createAgent, doubleQ, epsilonGreedy, evaluate, hard, linear, maxQ, mlp, train, uniform } from '../../src/index.ts';
import { CartPole, Chain } from '../../src/environments/index.ts';

describe('Chain, whose Q* is known exactly', () => {
  test.each([
    ['max', maxQ(), 1],
    ['Double', doubleQ(), 2],
    ['max', maxQ(), 3],
  ])('%s: the Q-values learned are Q*, and the greedy policy is optimal', async (_, bootstrap, seed) => {
    const discount = 0.9;
    const environment = new Chain();
    const steps = 6_000;
    const agent = await createAgent(environment, {
      network: mlp({ hidden: [] }),
      bootstrap,
      replay: uniform({ capacity: steps }),
      explorer: epsilonGreedy(1),
      targetUpdater: hard({ period: 50 }),
      optimizer: adam({ learningRate: linear(0.02, 0.001, steps) }),
      discount,
      batchSize: 32,
      learningStarts: 100,
      seed,
    });
    for await (const _ of train(agent, environment, { steps }));
    const optimal = environment.optimalQ(discount);
    const inner = Array.from({ length: environment.observationSpace.n - 2 }, (_, i) => i + 1);
    for (const state of inner) {
      const q = agent.qValues(state);
      expect(Math.abs(q[0] - optimal[2 * state])).toBeLessThan(0.06);
      expect(Math.abs(q[1] - optimal[2 * state + 1])).toBeLessThan(0.06);
      expect(agent.act(state, { explore: false })).toBe(optimal[2 * state] > optimal[2 * state + 1] ? 0 : 1);
    }
  });
});

describe('CartPole', () => {
  test.each([1, 2, 3])('seed %i: 20,000 steps lead from falling at once to balancing far longer', async (seed) => {
    const steps = 20_000;
    const agent = await createAgent(new CartPole(), {
      network: mlp({ hidden: [64, 64] }),
      nStep: 3,
      explorer: epsilonGreedy(linear(1, 0.04, 0.2 * steps)),
      targetUpdater: hard({ period: 250 }),
      optimizer: adam({ learningRate: linear(1e-3, 1e-5, steps) }),
      seed,
    });
    const before = await evaluate(agent, new CartPole(), { seed: 100 });
    for await (const _ of train(agent, new CartPole(), { steps }));
    const after = await evaluate(agent, new CartPole(), { seed: 100 });
    // A random policy stands for 22 steps; the full study, to 500, is in docs/benchmarks.md.
    expect(before.mean).toBeLessThan(60);
    expect(after.mean).toBeGreaterThan(100);
  });
});
