/**
 * Environment steps per second with random actions through the public interface, resets and the drawing of actions included.
 * Prints, in thousands, the median and the best decile of many short rounds, for other work on the machine slows single rounds down.
 *
 *   npx tsx benchmarks/environments.ts [names, all unless told otherwise]
 */
import { LunarLander } from '../src/box2d/index.ts';
import { Random } from '../src/common/random.ts';
import type { ResetResult, StepResult } from '../src/environment/environment.ts';
import {
  Acrobot,
  Asterix,
  Bandit,
  Blackjack,
  Breakout,
  CartPole,
  CartPoleSwingUp,
  Catch,
  Chain,
  CliffWalking,
  DeepSea,
  Freeway,
  FrozenLake,
  GridWorld,
  MemoryChain,
  MountainCar,
  Seaquest,
  SpaceInvaders,
  Taxi,
} from '../src/environments/index.ts';

interface SyncEnvironment {
  reset(): ResetResult<unknown>;
  step(action: number): StepResult<unknown>;
}

/** Takes `steps` random steps. */
type Runner = (steps: number) => void;

/**
 * Every environment gets its own copy of the loop: as in a program that uses one kind, its calls stay monomorphic. The last results are kept, as
 * a learner keeps them, so that no allocation is optimised away.
 */
function runner(environment: SyncEnvironment, actions: number): Runner {
  const build = new Function(
    'environment',
    'random',
    `const kept = new Array(256).fill(null);
    environment.reset();
    return function run(steps) {
      for (let i = 0; i < steps; i++) {
        const result = environment.step(random.integer(${actions}));
        kept[i & 255] = result;
        if (result.terminated || result.truncated) environment.reset();
      }
    };`,
  ) as (environment: SyncEnvironment, random: Random) => Runner;
  return build(environment, new Random(1));
}

/** Environments and their numbers of actions. */
const environments: readonly (readonly [SyncEnvironment, number])[] = [
  [new CartPole(), 2],
  [new MountainCar(), 3],
  [new Acrobot(), 3],
  [new GridWorld(), 4],
  [new CliffWalking(), 4],
  [new FrozenLake(), 4],
  [new Taxi(), 6],
  [new Blackjack(), 2],
  [new DeepSea(), 2],
  [new Catch(), 3],
  [new MemoryChain(), 2],
  [new Bandit({ noiseScale: 1 }), 11],
  [new CartPoleSwingUp(), 3],
  [new Chain(), 2],
  [new LunarLander(), 4],
  [new Asterix(), 6],
  [new Breakout(), 6],
  [new Freeway(), 6],
  [new Seaquest(), 6],
  [new SpaceInvaders(), 6],
];
const ROUNDS = 40;
/** Milliseconds that a round takes, or nearly. */
const ROUND = 20;

const asked = process.argv.slice(2);
console.log('environment          thousand steps/s: median  best decile');
for (const [environment, actions] of environments) {
  const { name } = environment.constructor;
  if (asked.length > 0 && !asked.includes(name)) continue;
  const run = runner(environment, actions);
  const rate = (steps: number): number => {
    const start = performance.now();
    run(steps);
    return steps / (performance.now() - start);
  };
  // Warm first, and then as many steps as a round has time for.
  let steps = 500;
  while (steps / rate(steps) < ROUND) steps *= 2;
  const rates = Array.from({ length: ROUNDS }, () => rate(steps)).sort((a, b) => a - b);
  const cells = [rates[ROUNDS / 2], rates[Math.floor(ROUNDS * 0.9)]].map((value) => value.toFixed(1).padStart(14));
  console.log(name.padEnd(24), ...cells);
}
