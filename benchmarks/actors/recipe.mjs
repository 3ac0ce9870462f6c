import { cnn, epsilonLadder, minAtarConvolutions, mlp } from '../../dist/index.js';
import { LunarLander } from '../../dist/box2d.js';
import { Breakout, CartPole } from '../../dist/environments.js';

/** As costly as a simulator: CartPole that keeps its thread busy for a fifth of a millisecond before a step. */
function slowCartPole() {
  const cartPole = new CartPole();
  const step = cartPole.step.bind(cartPole);
  cartPole.step = (action) => {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
    return step(action);
  };
  return cartPole;
}

/** What is measured: an environment, and what the agent has for it. */
export const worlds = {
  CartPole: { make: () => new CartPole(), network: () => mlp({ hidden: [128, 128] }) },
  'CartPole with 0.2 ms a step': { make: slowCartPole, network: () => mlp({ hidden: [128, 128] }) },
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
