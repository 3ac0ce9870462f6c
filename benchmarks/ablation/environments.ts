// Two small worlds where single parts of Rainbow should matter.
import { checkInteger, checkNumber } from '../../src/common/check.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, ResetOptions, ResetResult, StepResult } from '../../src/environment/environment.ts';
import { box, discrete, type BoxSpace, type DiscreteSpace } from '../../src/environment/spaces.ts';
import { Episode, NO_INFO } from '../../src/environments/episode.ts';

/** Options of {@link NoisyChain}. */
export interface NoisyChainOptions {
  /** L: states from the first to the last gamble, at least 1. Default 5. */
  readonly length?: number;
  /** K: gambles to choose from in every state, at least 1. Default 8. */
  readonly gambles?: number;
  /** Mean reward of a gamble, at most 0. Default -0.1. */
  readonly mean?: number;
  /** Standard deviation of that reward, at least 0. Default 1. */
  readonly std?: number;
}

/**
 * A chain in which a plain maximum overestimates: the example of maximisation bias (Sutton and Barto 2018, example 6.7), with the
 * gambles repeated over L states so that the bias of one state is bootstrapped into those before.
 *
 * In each of the L states, action 0 leaves with reward 0. Each of the K others, the gambles, gives a reward drawn from N(mean, std²) and leads to the
 * next state; after the last one the episode terminates. As every gamble costs 0.1 on average, `Q*(s, 0) = 0` and `Q*(s, gamble) = mean` everywhere, for
 * every discount, and the best policy leaves at once. Who takes the largest of K noisy estimates for the value of a state gambles.
 * Observation `[L]`: 1 at the state, 0 elsewhere; all 0 after the last step.
 */
export class NoisyChain implements Environment<Float32Array, number> {
  readonly observationSpace: BoxSpace<'float32'>;
  readonly actionSpace: DiscreteSpace;
  readonly #episode: Episode;
  readonly #length: number;
  readonly #mean: number;
  readonly #std: number;
  #state = 0;

  /** @throws DqnError `invalid-option` if an option is not as {@link NoisyChainOptions} says. */
  constructor({ length = 5, gambles = 8, mean = -0.1, std = 1 }: NoisyChainOptions = {}) {
    this.#length = checkInteger('NoisyChain(length)', length, { min: 1 });
    this.#mean = checkNumber('NoisyChain(mean)', mean, { max: 0 });
    this.#std = checkNumber('NoisyChain(std)', std, { min: 0 });
    const actions = 1 + checkInteger('NoisyChain(gambles)', gambles, { min: 1 });
    this.observationSpace = box({ low: 0, high: 1, shape: [length] });
    this.actionSpace = discrete(actions);
    this.#episode = new Episode({
      name: 'NoisyChain',
      setup: `${length} ${gambles} ${mean} ${std}`,
      actions,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `a whole number in [0, ${length - 1}]; up to ${length} when the episode is over`,
      accepts: ([state, ...rest], running) =>
        rest.length === 0 && Number.isInteger(state) && state >= 0 && state <= length - (running ? 1 : 0),
    });
  }

  /** Starts an episode in state 0. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    this.#state = this.#episode.start(options)?.[0] ?? 0;
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Leaves (0) or gambles. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const reward = action === 0 ? 0 : this.#mean + this.#std * this.#episode.random.normal();
    this.#state = action === 0 ? this.#length : this.#state + 1;
    const terminated = this.#state === this.#length;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: where, step count, random stream; and the options, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#state]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#state = this.#episode.load(state)[0];
  }

  #observe(): Float32Array {
    return oneHot(this.#length, this.#state);
  }
}

/** Options of {@link Corridor}. */
export interface CorridorOptions {
  /** N: cells, the goal included, at least 2. Default 30. */
  readonly length?: number;
  /** Steps after which an episode is truncated. Default 4 N. */
  readonly maxEpisodeSteps?: number;
}

/**
 * A long corridor with one reward at its end: a test of how fast value travels back from a rare reward.
 *
 * N cells in a row; it starts in cell 0 and ends with reward 1 in cell N − 1. Actions: back (0; stays at the wall), forward (1); the wrong one
 * costs nothing but time. A random walk needs about N² steps, so that in a truncated episode it rarely arrives.
 * Observation `[N]`: 1 at the cell, 0 elsewhere.
 */
export class Corridor implements Environment<Float32Array, number> {
  readonly observationSpace: BoxSpace<'float32'>;
  readonly actionSpace = discrete(2);
  readonly #episode: Episode;
  readonly #length: number;
  #cell = 0;

  /** @throws DqnError `invalid-option` if an option is not as {@link CorridorOptions} says. */
  constructor({ length = 30, maxEpisodeSteps = 4 * length }: CorridorOptions = {}) {
    this.#length = checkInteger('Corridor(length)', length, { min: 2 });
    this.observationSpace = box({ low: 0, high: 1, shape: [length] });
    this.#episode = new Episode({
      name: 'Corridor',
      setup: String(length),
      actions: 2,
      maxEpisodeSteps,
      expected: `a whole number in [0, ${length - 2}]; up to ${length - 1} when the episode is over`,
      accepts: ([cell, ...rest], running) =>
        rest.length === 0 && Number.isInteger(cell) && cell >= 0 && cell <= length - (running ? 2 : 1),
    });
  }

  /** Starts an episode in cell 0. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    this.#cell = this.#episode.start(options)?.[0] ?? 0;
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Goes one cell back or forward. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    this.#cell = Math.max(0, this.#cell + (action === 1 ? 1 : -1));
    const terminated = this.#cell === this.#length - 1;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#observe(), reward: terminated ? 1 : 0, terminated, truncated, info: NO_INFO };
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: the cell, step count, random stream; and the length, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#cell]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#cell = this.#episode.load(state)[0];
  }

  #observe(): Float32Array {
    return oneHot(this.#length, this.#cell);
  }
}

/** 1 at an index; all 0 where there is no such index. */
function oneHot(length: number, index: number): Float32Array {
  const values = new Float32Array(length);
  if (index < length) values[index] = 1;
  return values;
}
