import { expect } from 'vitest';
import type { ResetOptions } from '../../../src/environment/environment.ts';
import type { Chance, Game } from '../../../src/environments/minatar/game.ts';
import { MinAtar } from '../../../src/environments/minatar/minatar.ts';
import { world } from '../support.ts';

/** An episode of the original. */
export interface RecordedEpisode {
  /** What the random source gave, first in `reset()` and then in every `act()`; the first of those is the stickiness. */
  readonly draws: readonly (readonly (number | readonly number[])[])[];
  /** Base64 of bits `[10, 10, channels]`, the most significant bit of a byte first. */
  readonly frames: readonly string[];
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  readonly terminal: readonly boolean[];
}

/** An episode of the original from a state in which its variables were set. */
export interface SetUpEpisode extends RecordedEpisode {
  readonly name: string;
  /** Whether the game becomes harder. */
  readonly ramping: boolean;
  /** The numbers of the state in which it begins, and of the one in which it ends, null where the original has none. */
  readonly state: readonly number[];
  readonly after: readonly (number | null)[];
}

/** Episodes recorded with MinAtar 1.0.15, each in an environment of its own. */
export interface Recording<Episode extends RecordedEpisode = RecordedEpisode> {
  readonly game: string;
  readonly shape: readonly number[];
  readonly stickyActionProbability: number;
  readonly episodes: readonly Episode[];
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

/** Plays a recorded episode, and expects every frame, reward and end of it. */
function follow(environment: MinAtar, chance: RecordedChance, episode: RecordedEpisode, options?: ResetOptions): void {
  chance.feed(episode.draws[0]);
  const { observation } = environment.reset(options);
  expect(chance.left).toBe(0);
  expect(pack(observation)).toBe(episode.frames[0]);
  for (const [i, action] of episode.actions.entries()) {
    const where = `step ${i + 1}`;
    chance.feed(episode.draws[i + 1]);
    const result = environment.step(action);
    expect(chance.left, where).toBe(0);
    expect(pack(result.observation), where).toBe(episode.frames[i + 1]);
    expect(result.reward, where).toBe(episode.rewards[i]);
    expect(result.terminated, where).toBe(episode.terminal[i]);
    expect(result.truncated).toBe(false);
  }
}

/** Plays a recording from its resets. Gives the number of steps and the sum of rewards. */
export function replay(recording: Recording, game: () => Game, low: number): { readonly steps: number; readonly sum: number } {
  const chance = new RecordedChance(low);
  let steps = 0;
  let sum = 0;
  for (const episode of recording.episodes) {
    const environment = new MinAtar(game(), { stickyActionProbability: recording.stickyActionProbability }, chance);
    expect(environment.observationSpace.shape).toEqual(recording.shape);
    follow(environment, chance, episode);
    steps += episode.actions.length;
    for (const reward of episode.rewards) sum += reward;
  }
  return { steps, sum };
}

/** Plays one recorded episode from the state that was set up, and expects the state at its end. */
export function replaySetUp(episode: SetUpEpisode, game: Game, low: number): void {
  const chance = new RecordedChance(low);
  const environment = new MinAtar(game, { stickyActionProbability: 0 }, chance);
  follow(environment, chance, episode, { options: { state: episode.state } });
  const after = world(environment);
  expect(after).toEqual(episode.after.map((value, i) => value ?? after[i]));
}
