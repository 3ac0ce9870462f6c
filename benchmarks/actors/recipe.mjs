import { cnn, epsilonLadder, minAtarConvolutions, mlp } from '../../dist/index.js';
import { LunarLander } from '../../dist/box2d.js';
import { Breakout, CartPole } from '../../dist/environments.js';

/** What is measured: an environment, and what the agent has for it. */
export const worlds = {
  CartPole: { make: () => new CartPole(), network: () => mlp({ hidden: [128, 128] }) },
  LunarLander: { make: () => new LunarLander(), network: () => mlp({ hidden: [128, 128] }) },
  'MinAtar Breakout': {
    make: () => new Breakout(),
    network: () => cnn({ convolutions: minAtarConvolutions, hidden: [128] }),
  },
};

/** The options of an agent that learns every fourth step, or not at all. */
export function agentOptions(world, learns) {
  return {
    network: worlds[world].network(),
    explorer: epsilonLadder({ streams: 2 }),
    batchSize: 32,
    learnPeriod: 4,
    learningStarts: learns ? 1_000 : 1e9,
    seed: 1,
  };
}
