import { expect } from 'vitest';
import type { Chance, Game } from '../../../src/environments/minatar/game.ts';
import { MinAtar } from '../../../src/environments/minatar/minatar.ts';

/** Episodes recorded with MinAtar 1.0.15, each in an environment of its own. */
export interface Recording {
  readonly game: string;
  readonly shape: readonly number[];
  readonly stickyActionProbability: number;
  readonly episodes: readonly {
    /** What the random source gave, first in `reset()` and then in every `act()`; the first of those is the stickiness. */
    readonly draws: readonly (readonly (number | readonly number[])[])[];
    /** Base64 of bits `[10, 10, channels]`, the most significant bit of a byte first. */
    readonly frames: readonly string[];
    readonly actions: readonly number[];
    readonly rewards: readonly number[];
    readonly terminal: readonly boolean[];
  }[];
}

/** Gives recorded draws in their order, and refuses to give more. */
export class RecordedChance implements Chance {
  readonly #low: number;
  #left: number[] = [];

  /** @param low - the smallest whole number that the original draws: its `randint(low, high)` is `low + integer(high − low)`. */
  constructor(low: number) {
    this.#low = low;
  }

  /** How many draws were not asked for. */
  get left(): number {
    return this.#left.length;
  }

  feed(draws: readonly (number | readonly number[])[]): void {
    this.#left = draws.flat() as number[];
  }

  float(): number {
    return this.#next(0, 1);
  }

  integer(n: number): number {
    return this.#next(this.#low, this.#low + n) - this.#low;
  }

  #next(low: number, high: number): number {
    const value = this.#left.shift();
    expect(value, 'a draw that the original did not make').toBeDefined();
    expect(value).toBeGreaterThanOrEqual(low);
    expect(value).toBeLessThan(high);
    return value!;
  }
}

function pack(frame: Uint8Array): string {
  const bytes = Buffer.alloc(Math.ceil(frame.length / 8));
  for (const [i, bit] of frame.entries()) bytes[i >> 3] |= bit << (7 - (i & 7));
  return bytes.toString('base64');
}

/** Plays a recording, and expects every frame, reward and end of it. Gives the number of steps and the sum of rewards. */
export function replay(recording: Recording, game: () => Game, low: number): { readonly steps: number; readonly sum: number } {
  const chance = new RecordedChance(low);
  let steps = 0;
  let sum = 0;
  for (const [number, episode] of recording.episodes.entries()) {
    const environment = new MinAtar(game(), { stickyActionProbability: recording.stickyActionProbability }, chance);
    expect(environment.observationSpace.shape).toEqual(recording.shape);
    const where = (step: number): string => `episode ${number}, step ${step}`;
    chance.feed(episode.draws[0]);
    const { observation } = environment.reset();
    expect(chance.left, where(0)).toBe(0);
    expect(pack(observation), where(0)).toBe(episode.frames[0]);
    for (const [i, action] of episode.actions.entries()) {
      chance.feed(episode.draws[i + 1]);
      const result = environment.step(action);
      expect(chance.left, where(i + 1)).toBe(0);
      expect(pack(result.observation), where(i + 1)).toBe(episode.frames[i + 1]);
      expect(result.reward, where(i + 1)).toBe(episode.rewards[i]);
      expect(result.terminated, where(i + 1)).toBe(episode.terminal[i]);
      expect(result.truncated).toBe(false);
      steps++;
      sum += result.reward;
    }
  }
  return { steps, sum };
}
