import { checkNames, checkNumber } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { State } from '../../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../../environment/environment.ts';
import { box, discrete } from '../../environment/spaces.ts';
import type { BoxSpace, DiscreteSpace } from '../../environment/spaces.ts';
import { Episode, NO_INFO } from '../episode.ts';
import { renderGrid } from '../rendering/grid.ts';
import type { Cell } from '../rendering/grid.ts';
import { Frames } from './frames.ts';
import { ACTIONS, SIZE } from './game.ts';
import type { Chance, Game } from './game.ts';

const EMPTY: Cell = { color: 'pale', text: '' };

/** Options of the MinAtar games. */
export interface MinAtarOptions {
  /** Chance in [0, 1] that a step carries out the previous action in place of the one given. Default 0.1. */
  readonly stickyActionProbability?: number;
  /**
   * `full`: all six actions, no-op (0), left (1), up (2), right (3), down (4), fire (5). `minimal`: those that the game knows, in the same order,
   * numbered from 0. Default `full`.
   */
  readonly actionSet?: 'full' | 'minimal';
}

/** Options of the MinAtar games that become harder. */
export interface RampingOptions extends MinAtarOptions {
  /** Whether the game becomes harder as it goes on. Default true. */
  readonly difficultyRamping?: boolean;
}

/**
 * What the five MinAtar games share: frames `[10, 10, channels]` of bytes 0 and 1 as observations, sticky actions, sets of actions, saving and
 * drawing. The previous action survives a reset without a seed, as in the original. A game draws from the random stream in the original's order.
 * Episodes end by termination alone; `timeLimit()` cuts them. `reset({ options: { state } })` starts from the numbers of `getState().world`.
 *
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class MinAtar implements Environment<Uint8Array, number> {
  readonly observationSpace: BoxSpace<'uint8'>;
  readonly actionSpace: DiscreteSpace;
  readonly #game: Game;
  readonly #episode: Episode;
  readonly #frames: Frames;
  readonly #actions: readonly number[];
  readonly #stickiness: number;
  readonly #recorded: Chance | undefined;
  #previous = 0;

  /**
   * Use the games' own classes.
   * @param recorded - chance to take in place of the random stream.
   * @throws DqnError `invalid-option` if an option is not as {@link MinAtarOptions} says.
   */
  constructor(game: Game, options: MinAtarOptions, recorded?: Chance) {
    const { name } = game;
    checkNames(`${name}(options)`, options, { stickyActionProbability: true, actionSet: true, ...game.options });
    const { stickyActionProbability = 0.1, actionSet = 'full' } = options;
    if (actionSet !== 'full' && actionSet !== 'minimal') {
      throw new DqnError({
        code: 'invalid-option',
        where: `${name}(actionSet)`,
        expected: "'full' or 'minimal'",
        received: describe(actionSet),
        remedy: "Leave it out for 'full'.",
      });
    }
    this.#stickiness = checkNumber(`${name}(stickyActionProbability)`, stickyActionProbability, { min: 0, max: 1 });
    this.#game = game;
    this.#recorded = recorded;
    this.#actions = actionSet === 'full' ? ACTIONS.map((_, action) => action) : game.minimalActions;
    this.actionSpace = discrete(this.#actions.length);
    this.observationSpace = box({ low: 0, high: 1, shape: [SIZE, SIZE, game.looks.length], dtype: 'uint8' });
    this.#frames = new Frames(this.observationSpace.flatSize);
    this.#episode = new Episode({
      name,
      actions: this.#actions.length,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `${game.expected}; and the previous action, 0 … ${ACTIONS.length - 1}`,
      accepts: (values, running) => {
        const previous = values.at(-1);
        return previous !== undefined && previous in ACTIONS && game.accepts(values.slice(0, -1), running);
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Uint8Array> {
    const asked = this.#episode.start(options);
    if (options?.seed !== undefined) this.#previous = 0;
    if (asked === undefined) this.#game.reset(this.#recorded ?? this.#episode.random);
    else this.#place(asked);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Plays one frame. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Uint8Array> {
    this.#episode.checkStep(action);
    const chance = this.#recorded ?? this.#episode.random;
    if (chance.float() >= this.#stickiness) this.#previous = this.#actions[action];
    const reward = this.#game.act(this.#previous, chance);
    const terminated = this.#game.over;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The game's screen. */
  render(mode: RenderMode): string {
    const { name, looks } = this.#game;
    const channels = looks.length;
    const frame = new Uint8Array(SIZE * SIZE * channels);
    this.#game.draw(frame);
    return renderGrid(mode, {
      title: name,
      caption: `step ${this.#episode.steps} · ${ACTIONS[this.#previous]}`,
      rows: SIZE,
      columns: SIZE,
      agent: -1,
      cell: (index) => looks[frame.subarray(index * channels, (index + 1) * channels).lastIndexOf(1)] ?? EMPTY,
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: the game, the previous action, step count, random stream. */
  getState(): State {
    return this.#episode.save([...this.#game.save(), this.#previous]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place(values: readonly number[]): void {
    this.#game.load(values.slice(0, -1));
    this.#previous = values[values.length - 1];
  }

  #observe(): Uint8Array {
    const frame = this.#frames.next();
    this.#game.draw(frame);
    return frame;
  }
}
