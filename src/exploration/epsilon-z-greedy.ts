import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import { probabilityAt, toProbability } from '../common/probability.ts';
import type { Random } from '../common/random.ts';
import { damagedState, readFields } from '../common/read-state.ts';
import type { Schedule } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { anyPossible } from './any-possible.ts';
import type { ExplorerInput, RememberingExplorer } from './explorer.ts';
import { greedyAction } from './greedy.ts';
import { StreamMemory } from './stream-memory.ts';

const EPSILON = 'epsilonZGreedy(epsilon)';

/** What {@link epsilonZGreedy} takes. */
export interface EpsilonZGreedyOptions {
  /** ε in [0, 1], or a schedule of it over environment steps: the probability that a held action begins. */
  readonly epsilon: number | Schedule;
  /** μ above 1: how rare long durations are. Default 2. */
  readonly exponent?: number;
  /** The longest duration, in steps, at least 1 and at most 1,000,000. Default 10,000. */
  readonly maxDuration?: number;
}

/** See {@link epsilonZGreedy}. */
export class EpsilonZGreedy implements RememberingExplorer {
  readonly kind = 'epsilonZGreedy';
  /** ε over time. */
  readonly epsilon: Schedule;
  /** μ. */
  readonly exponent: number;
  /** The longest duration, in steps. */
  readonly maxDuration: number;
  /** `[maxDuration]`: Σ_{k ≤ n} k^−μ, for n = 1, 2, … */
  readonly #sums: Float64Array;
  readonly #held = new StreamMemory(0);
  /** Steps that the held action is still to be taken. */
  readonly #left = new StreamMemory(0);

  /** @throws DqnError `invalid-option` as {@link epsilonZGreedy}. */
  constructor({ epsilon, exponent = 2, maxDuration = 10_000, ...unknown }: EpsilonZGreedyOptions) {
    checkRest('epsilonZGreedy(options)', unknown);
    this.epsilon = toProbability(EPSILON, epsilon);
    this.exponent = checkNumber('epsilonZGreedy(exponent)', exponent, { min: 1, exclusiveMin: true });
    this.maxDuration = checkInteger('epsilonZGreedy(maxDuration)', maxDuration, { min: 1, max: 1_000_000 });
    this.#sums = new Float64Array(maxDuration);
    let sum = 0;
    for (let i = 0; i < maxDuration; i++) this.#sums[i] = sum += (i + 1) ** -exponent;
  }

  /** @throws DqnError `invalid-option` if the schedule gives an ε outside [0, 1], `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, streams, step, random }: ExplorerInput, out: Int32Array): void {
    const epsilon = probabilityAt(EPSILON, this.epsilon, step);
    for (let n = 0; n < batch; n++) {
      const stream = streams[n];
      const left = this.#left.get(stream);
      const held = this.#held.get(stream);
      if (left > 0 && held < actions && (masks === undefined || masks[n * actions + held] !== 0)) {
        this.#left.set(stream, left - 1);
        out[n] = held;
      } else if (random.float() < epsilon) {
        out[n] = anyPossible(n, actions, masks, random);
        this.#held.set(stream, out[n]);
        this.#left.set(stream, this.#duration(random) - 1);
      } else {
        out[n] = greedyAction(qValues, n, actions, masks);
        this.#left.set(stream, 0);
      }
    }
  }

  rate(step: number): number {
    return this.epsilon.at(step);
  }

  endEpisode(stream: number): void {
    this.#left.set(stream, 0);
  }

  fresh(): EpsilonZGreedy {
    const { epsilon, exponent, maxDuration } = this;
    return new EpsilonZGreedy({ epsilon, exponent, maxDuration });
  }

  getState(): State {
    return { held: this.#held.values, left: this.#left.values };
  }

  /** @throws DqnError `invalid-checkpoint` if the state is not sound; nothing has changed then. */
  setState(state: State): void {
    const where = 'EpsilonZGreedy.setState(state)';
    const { held, left } = readFields(where, state);
    for (const [name, values] of [['held', held] as const, ['left', left] as const]) {
      if (!(values instanceof Int32Array) || !values.every((x) => x >= 0)) {
        throw damagedState(`${where}.${name}`, 'an Int32Array of numbers of at least 0', values);
      }
    }
    this.#held.restore(held as Int32Array);
    this.#left.restore(left as Int32Array);
  }

  /** n in 1 … maxDuration with probability in proportion to n^−μ: the first n whose sum exceeds a share of all. */
  #duration(random: Random): number {
    const sums = this.#sums;
    const share = random.float() * sums[sums.length - 1];
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > share) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  }
}

/**
 * Temporally extended ε-greedy exploration: where no action is held, with probability ε any possible action (all equally likely) is taken and held for n steps in
 * all, n from a zeta distribution cut off at the longest duration, `P(n) = n^−μ / Σ_{k ≤ maxDuration} k^−μ`; otherwise the best action is taken (Dabney,
 * Ostrovski and Barreto 2021, algorithm 1 with zeta-distributed durations). So ε is the rate at which holding begins, and the share of exploring steps
 * is larger. An action is held for one environment, ends with its episode, and is dropped where it is not possible. Ties go to the lowest action.
 * @throws DqnError `invalid-option` if a name is misspelt, ε is outside [0, 1] (for a schedule: when it is used), the exponent is not above 1, or `maxDuration` not a whole number in
 * [1, 1,000,000].
 */
export function epsilonZGreedy(options: EpsilonZGreedyOptions): EpsilonZGreedy {
  return new EpsilonZGreedy(options);
}
