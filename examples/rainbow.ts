// Rainbow, put together from its parts and made small enough for CartPole-v1:  npx tsx examples/rainbow.ts
import { adam, categorical, createAgent, doubleQ, evaluate, hard, linear, mlp, noisyGreedy, prioritized, train } from '@scope/dqn';
import { CartPole, rewardScale } from '@scope/dqn/environments';

const steps = 8_000;
const agent = await createAgent(new CartPole(), {
  network: mlp({ hidden: [64, 64], dueling: true, noisy: true }), // dueling streams; noise that is learned takes the place of ε
  head: categorical({ atoms: 31, vMin: -1, vMax: 1 }), // distributions of returns, which are at most 1 for rewards of 0.01
  bootstrap: doubleQ(),
  replay: prioritized({ capacity: steps, priorityExponent: 0.5, importanceExponent: linear(0.4, 1, steps) }),
  nStep: 3,
  explorer: noisyGreedy(),
  targetUpdater: hard({ period: 200 }),
  optimizer: adam({ learningRate: 2e-3, epsilon: 1.5e-4 }),
  batchSize: 32,
  learningStarts: 200,
  learnPeriod: 4,
  seed: 1,
});
for await (const event of train(agent, rewardScale(new CartPole(), 0.01), { steps })) {
  if (event.kind === 'episode' && event.episode % 20 === 0)
    console.log(`step ${event.step}: return ${(event.return * 100).toFixed()}`);
}
const { mean, min } = await evaluate(agent, new CartPole(), { episodes: 10, seed: 7 });
console.log(`greedy return ${mean}, at least ${min}`);
