import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete } from '../environment/spaces.ts';
import type { DiscreteSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { optimalActionValues } from './finite-mdp.ts';
import type { MdpTransition } from './finite-mdp.ts';
import { renderGrid } from './rendering/grid.ts';

/** Reward of reaching the left end. */
const LEFT_REWARD = 0.2;
/** Reward of reaching the right end. */
const RIGHT_REWARD = 1;

/** Options of {@link Chain}. */
export interface ChainOptions {
  /** N: number of states, both ends included, in [3, 100]. Default 7. */
  readonly length?: number;
  /** Chance in [0, 1] that a step goes the other way. Default 0.1. */
  readonly slipProbability?: number;
  /** Steps after which an episode is truncated. Default 100. */
  readonly maxEpisodeSteps?: number;
}

/**
 * A small stochastic world whose optimal action values are known exactly, to check learners against.
 *
 * N states in a row, 0 … N − 1, of which the two ends are final. Actions: left (0), right (1); with `slipProbability` the step goes the other
 * way. Reaching state 0 gives reward 0.2, reaching state N − 1 gives 1, every other step 0. Observation: the state's number. An episode starts
 * in each of the N − 2 inner states equally often, or at `reset({ options: { state: [s] } })`. With a small discount the near small
 * reward is worth more than the far large one, so the optimal policy depends on the discount.
 * Source: the random walk of Sutton and Barto 2018, example 6.2, made a decision problem.
 */
export class Chain implements Environment<number, number> {
  readonly observationSpace: DiscreteSpace;
  readonly actionSpace = discrete(2);
  /** The whole problem: every outcome of every action in every inner state; impossible ones are left out. */
  readonly transitions: readonly MdpTransition[];
  readonly #episode: Episode;
  readonly #length: number;
  readonly #slip: number;
  #state: number;

  /** @throws DqnError `invalid-option` if an option is not as {@link ChainOptions} says. */
  constructor(options: ChainOptions = {}) {
    checkNames('Chain(options)', options, { length: true, slipProbability: true, maxEpisodeSteps: true });
    const { length = 7, slipProbability = 0.1, maxEpisodeSteps = 100 } = options;
    this.#length = checkInteger('Chain(length)', length, { min: 3, max: 100 });
    this.#slip = checkNumber('Chain(slipProbability)', slipProbability, { min: 0, max: 1 });
    this.#state = length >> 1;
    this.observationSpace = discrete(length);
    this.transitions = table(length, slipProbability);
    this.#episode = new Episode({
      name: 'Chain',
      setup: String(length),
      actions: 2,
      maxEpisodeSteps,
      expected: `a whole number in [1, ${length - 2}]; 0 or ${length - 1} when the episode is over`,
      accepts: (values, running) => {
        const [state] = values;
        const end = running ? 1 : 0;
        return values.length === 1 && Number.isInteger(state) && state >= end && state <= length - 1 - end;
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<number> {
    const asked = this.#episode.start(options);
    this.#state = asked === undefined ? 1 + this.#episode.random.integer(this.#length - 2) : asked[0];
    return { observation: this.#state, info: NO_INFO };
  }

  /** Goes one state left or right. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<number> {
    this.#episode.checkStep(action);
    const slips = this.#episode.random.float() < this.#slip;
    this.#state += (action === 1) !== slips ? 1 : -1;
    const terminated = this.#state === 0 || this.#state === this.#length - 1;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#state, reward: rewardAt(this.#state, this.#length), terminated, truncated, info: NO_INFO };
  }

  /**
   * Q* `[N, 2]` (row-major), exact up to rounding; zeros for the two ends. The time limit is no part of the problem.
   * @param discount - γ in [0, 1].
   * @throws DqnError `invalid-option` if the discount is outside [0, 1].
   */
  optimalQ(discount: number): Float64Array {
    checkNumber('Chain.optimalQ(discount)', discount, { min: 0, max: 1 });
    return optimalActionValues(this.transitions, this.#length, 2, discount);
  }

  /** The row of states. */
  render(mode: RenderMode): string {
    const last = this.#length - 1;
    return renderGrid(mode, {
      title: 'Chain',
      caption: `step ${this.#episode.steps} · state ${this.#state}`,
      rows: 1,
      columns: this.#length,
      agent: this.#state,
      cell: (index) => {
        if (index === 0) return { color: 'gold', text: String(LEFT_REWARD) };
        return index === last ? { color: 'green', text: String(RIGHT_REWARD) } : { color: 'pale', text: '' };
      },
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: where, step count, random stream; and the length, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#state]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#state = this.#episode.load(state)[0];
  }
}

function rewardAt(state: number, length: number): number {
  if (state === 0) return LEFT_REWARD;
  return state === length - 1 ? RIGHT_REWARD : 0;
}

function table(length: number, slip: number): readonly MdpTransition[] {
  const transitions: MdpTransition[] = [];
  for (let state = 1; state < length - 1; state++) {
    for (let action = 0; action < 2; action++) {
      for (const nextState of [state - 1, state + 1]) {
        const probability = (action === 1) === nextState > state ? 1 - slip : slip;
        const terminated = nextState === 0 || nextState === length - 1;
        if (probability > 0)
          transitions.push({ state, action, probability, nextState, reward: rewardAt(nextState, length), terminated });
      }
    }
  }
  return transitions;
}
