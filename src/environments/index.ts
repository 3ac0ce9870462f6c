/**
 * Environments to learn in, and what to build them from: all spaces, wrappers that change an environment, and vectors that step several together.
 *
 * @packageDocumentation
 */

export { Acrobot } from './acrobot.ts';
export type { AcrobotOptions } from './acrobot.ts';
export { Bandit } from './bandit.ts';
export type { BanditOptions } from './bandit.ts';
export { Blackjack } from './blackjack.ts';
export type { BlackjackOptions } from './blackjack.ts';
export { CartPole } from './cart-pole.ts';
export type { CartPoleOptions } from './cart-pole.ts';
export { CartPoleSwingUp } from './cart-pole-swing-up.ts';
export type { CartPoleSwingUpOptions } from './cart-pole-swing-up.ts';
export { Catch } from './catch.ts';
export type { CatchOptions } from './catch.ts';
export { Chain } from './chain.ts';
export type { ChainOptions } from './chain.ts';
export { CliffWalking } from './cliff-walking.ts';
export type { CliffWalkingOptions } from './cliff-walking.ts';
export { DeepSea } from './deep-sea.ts';
export type { DeepSeaOptions } from './deep-sea.ts';
export type { MdpTransition } from './finite-mdp.ts';
export { FrozenLake, randomLake } from './frozen-lake.ts';
export type { FrozenLakeOptions, RandomLakeOptions } from './frozen-lake.ts';
export { GridWorld } from './grid-world.ts';
export type { GridWorldOptions } from './grid-world.ts';
export { MemoryChain } from './memory-chain.ts';
export type { MemoryChainOptions } from './memory-chain.ts';
export { Asterix } from './minatar/asterix.ts';
export { Breakout } from './minatar/breakout.ts';
export { Freeway } from './minatar/freeway.ts';
export type { MinAtar, MinAtarOptions, RampingOptions } from './minatar/minatar.ts';
export { Seaquest } from './minatar/seaquest.ts';
export { SpaceInvaders } from './minatar/space-invaders.ts';
export { MountainCar } from './mountain-car.ts';
export type { MountainCarOptions } from './mountain-car.ts';
export { Taxi } from './taxi.ts';
export type { TaxiOptions } from './taxi.ts';

export * from '../environment/spaces.ts';
export { actionRepeat, type ActionRepeatOptions } from '../environment/wrappers/action-repeat.ts';
export { atari, type AtariOptions } from '../environment/wrappers/atari.ts';
export { episodeStatistics, type EpisodeStatistics } from '../environment/wrappers/episode-statistics.ts';
export { flattenObservation } from '../environment/wrappers/flatten-observation.ts';
export { channelsLast } from '../environment/wrappers/channels-last.ts';
export { frameStack, type FrameStackOptions } from '../environment/wrappers/frame-stack.ts';
export { grayscale } from '../environment/wrappers/grayscale.ts';
export { lifeLoss, type LifeLossOptions } from '../environment/wrappers/life-loss.ts';
export { noopStart, type NoopStartOptions } from '../environment/wrappers/noop-start.ts';
export { normalizeObservation } from '../environment/wrappers/normalize-observation.ts';
export type { Normalization, NormalizedEnvironment, NormalizeOptions } from '../environment/wrappers/normalize-observation.ts';
export type { RunningStatistics } from '../environment/wrappers/running-statistics.ts';
export { resizeArea, type ResizeOptions } from '../environment/wrappers/resize-area.ts';
export { rewardClip, type RewardClipOptions } from '../environment/wrappers/reward-clip.ts';
export { rewardScale } from '../environment/wrappers/reward-scale.ts';
export { startActions } from '../environment/wrappers/start-actions.ts';
export { stickyActions } from '../environment/wrappers/sticky-actions.ts';
export { timeLimit } from '../environment/wrappers/time-limit.ts';
export { vectorize } from '../environment/vectorize.ts';
