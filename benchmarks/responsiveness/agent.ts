import { CartPole } from '../../src/environments/index.ts';
import { adam, createAgent, epsilonGreedy, hard, linear, mlp } from '../../src/index.ts';

/** The CartPole run of the learning study, without an end. */
export async function cartPole() {
  const environment = new CartPole();
  const agent = await createAgent(environment, {
    network: mlp({ hidden: [64, 64] }),
    nStep: 3,
    explorer: epsilonGreedy(linear(1, 0.04, 4_000)),
    targetUpdater: hard({ period: 250 }),
    optimizer: adam({ learningRate: 1e-3 }),
    seed: 1,
  });
  return { agent, environment, options: { steps: 1e9 } };
}
