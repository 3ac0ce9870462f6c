import type { Random } from '../../common/random.ts';
import type { Cell } from '../rendering/grid.ts';

/** Rows and columns of every game. */
export const SIZE = 10;

/** The six actions of every game; one that a game does not know leaves the player where he is. */
export const ACTIONS = ['noop', 'left', 'up', 'right', 'down', 'fire'] as const;
export const LEFT = 1;
export const UP = 2;
export const RIGHT = 3;
export const DOWN = 4;
export const FIRE = 5;

/** Where a game's chance comes from: the random stream, or draws recorded before. */
export type Chance = Pick<Random, 'float' | 'integer'>;

/** The rules of one game, without what all five share: see {@link MinAtar}. */
export interface Game {
  /** The name of the environment's class. */
  readonly name: string;
  /** The names of the options that it has beside those of all five. Default: none. */
  readonly options?: Readonly<Record<string, true>>;
  /** How a cell looks where a channel is set, one a channel; where several are, the last is seen. */
  readonly looks: readonly Cell[];
  /** The actions that the game knows. */
  readonly minimalActions: readonly number[];
  /** The numbers of {@link Game.save}, as a noun phrase. */
  readonly expected: string;
  /** Whether the last frame ended the game. */
  readonly over: boolean;
  /** Begins a game. */
  reset(chance: Chance): void;
  /** Plays one frame, and gives its reward. */
  act(action: number, chance: Chance): number;
  /** Sets to 1 what there is to see in a frame `[10, 10, channels]` of zeros. */
  draw(frame: Uint8Array): void;
  /** The whole state, which {@link Game.load} takes. */
  save(): number[];
  /** Goes on from finite numbers that {@link Game.accepts}. */
  load(values: readonly number[]): void;
  /** Whether finite numbers are a state: one to act in if `running`, perhaps a final one if not. */
  accepts(values: readonly number[], running: boolean): boolean;
}

/** Whether a number is whole and in [low, high]. */
export function isWhole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
