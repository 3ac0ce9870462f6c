import fc from 'fast-check';
import { LunarLander } from '../../src/box2d/index.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../../src/environment/environment.ts';
import type { DiscreteSpace } from '../../src/environment/spaces.ts';
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
} from '../../src/environments/index.ts';

/** What every environment of the package is: complete, and answering at once. */
export interface FullEnvironment extends Environment<unknown, number> {
  readonly actionSpace: DiscreteSpace;
  reset(options?: ResetOptions): ResetResult<unknown>;
  step(action: number): StepResult<unknown>;
  render(mode: RenderMode): string;
  close(): void;
  getState(): State;
  setState(state: State): void;
}

/** What all the tests below run on. */
export interface Case {
  readonly name: string;
  create(): FullEnvironment;
  /** With a time limit; some have none. */
  limited?(maxEpisodeSteps: number): FullEnvironment;
  /** Lines and characters a line of the ANSI drawing, without the caption. */
  readonly drawing: readonly [number, number];
  /** The action that ends an episode sooner or later when nothing else is done. Default 0. */
  readonly ending?: number;
  /** Whether action masks come with its observations. */
  readonly masked?: boolean;
}

export const cases: readonly Case[] = [
  {
    name: 'CartPole',
    create: () => new CartPole(),
    limited: (maxEpisodeSteps) => new CartPole({ maxEpisodeSteps }),
    drawing: [20, 60],
  },
  {
    name: 'MountainCar',
    create: () => new MountainCar(),
    limited: (maxEpisodeSteps) => new MountainCar({ maxEpisodeSteps }),
    drawing: [20, 60],
  },
  {
    name: 'Acrobot',
    create: () => new Acrobot(),
    limited: (maxEpisodeSteps) => new Acrobot({ maxEpisodeSteps }),
    drawing: [20, 60],
  },
  {
    name: 'GridWorld',
    create: () => new GridWorld(),
    limited: (maxEpisodeSteps) => new GridWorld({ maxEpisodeSteps }),
    drawing: [3, 12],
  },
  {
    name: 'CliffWalking',
    create: () => new CliffWalking(),
    limited: (maxEpisodeSteps) => new CliffWalking({ maxEpisodeSteps }),
    drawing: [4, 36],
  },
  {
    name: 'FrozenLake',
    create: () => new FrozenLake(),
    limited: (maxEpisodeSteps) => new FrozenLake({ maxEpisodeSteps }),
    drawing: [4, 12],
  },
  {
    name: 'Taxi',
    create: () => new Taxi({ successProbability: 0.8, fickleProbability: 0.5 }),
    limited: (maxEpisodeSteps) => new Taxi({ maxEpisodeSteps }),
    drawing: [5, 27],
    masked: true,
  },
  { name: 'Blackjack', create: () => new Blackjack(), drawing: [2, 36] },
  { name: 'DeepSea', create: () => new DeepSea({ size: 6 }), drawing: [6, 18] },
  { name: 'Catch', create: () => new Catch(), drawing: [10, 15] },
  { name: 'MemoryChain', create: () => new MemoryChain({ length: 3, bits: 2 }), drawing: [1, 6] },
  { name: 'Bandit', create: () => new Bandit({ noiseScale: 1 }), drawing: [1, 33] },
  { name: 'CartPoleSwingUp', create: () => new CartPoleSwingUp(), drawing: [20, 60] },
  {
    name: 'Chain',
    create: () => new Chain(),
    limited: (maxEpisodeSteps) => new Chain({ maxEpisodeSteps }),
    drawing: [1, 21],
  },
  {
    name: 'LunarLander',
    create: () => new LunarLander({ enableWind: true }),
    limited: (maxEpisodeSteps) => new LunarLander({ maxEpisodeSteps }),
    drawing: [20, 60],
  },
  { name: 'Asterix', create: () => new Asterix(), drawing: [10, 30] },
  { name: 'Breakout', create: () => new Breakout(), drawing: [10, 30] },
  { name: 'Freeway', create: () => new Freeway(), drawing: [10, 30] },
  // Who stays at the surface lives for ever.
  { name: 'Seaquest', create: () => new Seaquest(), drawing: [10, 30], ending: 4 },
  { name: 'SpaceInvaders', create: () => new SpaceInvaders(), drawing: [10, 30] },
];

/** Numbers from which {@link play} takes its actions. */
export const choicesArb = fc.array(fc.nat(1000), { minLength: 1, maxLength: 150 });

/** Acts, resetting where an episode ends, and gives everything that came back. */
export function play(environment: FullEnvironment, choices: readonly number[]): unknown[] {
  return choices.map((choice) => {
    const result = environment.step(choice % environment.actionSpace.n);
    return result.terminated || result.truncated ? [result, environment.reset()] : [result];
  });
}

/** The numbers of the world's own state. */
export function world(environment: FullEnvironment): readonly number[] {
  return (environment.getState() as { world: readonly number[] }).world;
}

/** Acts until the episode ends, and gives the sum of rewards. */
export function finish(environment: FullEnvironment, choose: (step: number) => number = () => 0): number {
  let sum = 0;
  for (let step = 0; ; step++) {
    const { reward, terminated, truncated } = environment.step(choose(step));
    sum += reward;
    if (terminated || truncated) return sum;
  }
}
