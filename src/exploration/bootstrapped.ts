import { maskedArgmax } from '../bellman/greedy.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import { probabilityAt, toProbability } from '../common/probability.ts';
import { checkSame, damagedState, readFields } from '../common/read-state.ts';
import type { Schedule } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { anyPossible } from './any-possible.ts';
import type { ExplorerInput, RememberingExplorer } from './explorer.ts';
import { noPossibleAction } from './greedy.ts';
import { StreamMemory } from './stream-memory.ts';

const EPSILON = 'bootstrapped(epsilon)';
/** The head of a stream whose next episode has not begun. */
const UNDRAWN = -1;

/** What {@link bootstrapped} takes. */
export interface BootstrappedOptions {
  /** K: estimates of the action values side by side, at least 1. Default 10. */
  readonly heads?: number;
  /** In (0, 1]: the probability that a head learns from a transition. Default 1: all learn from all, and differ by their first weights alone. */
  readonly probability?: number;
  /** ε in [0, 1], or a schedule of it over environment steps: how often any possible action is taken instead. Default 0. */
  readonly epsilon?: number | Schedule;
}

/** See {@link bootstrapped}. */
export class Bootstrapped implements RememberingExplorer {
  readonly kind = 'bootstrapped';
  /** K. */
  readonly heads: number;
  /** The probability that a head learns from a transition. */
  readonly headProbability: number;
  /** ε over time. */
  readonly epsilon: Schedule;
  readonly #drawn = new StreamMemory(UNDRAWN);

  /** @throws DqnError `invalid-option` as {@link bootstrapped}. */
  constructor({ heads = 10, probability = 1, epsilon = 0, ...unknown }: BootstrappedOptions = {}) {
    checkRest('bootstrapped(options)', unknown);
    this.heads = checkInteger('bootstrapped(heads)', heads, { min: 1 });
    this.headProbability = checkNumber('bootstrapped(probability)', probability, { min: 0, max: 1, exclusiveMin: true });
    this.epsilon = toProbability(EPSILON, epsilon);
  }

  /** @throws DqnError `invalid-option` if the schedule gives an ε outside [0, 1], `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, streams, step, random }: ExplorerInput, out: Int32Array): void {
    const { heads } = this;
    const epsilon = probabilityAt(EPSILON, this.epsilon, step);
    for (let n = 0; n < batch; n++) {
      const stream = streams[n];
      let head = this.#drawn.get(stream);
      if (head === UNDRAWN) this.#drawn.set(stream, (head = random.integer(heads)));
      if (random.float() < epsilon) {
        out[n] = anyPossible(n, actions, masks, random);
        continue;
      }
      const best = maskedArgmax(qValues, (n * heads + head) * actions, actions, masks, n * actions);
      if (best < 0) throw noPossibleAction(n);
      out[n] = best;
    }
  }

  rate(step: number): number {
    return this.epsilon.at(step);
  }

  endEpisode(stream: number): void {
    this.#drawn.set(stream, UNDRAWN);
  }

  fresh(): Bootstrapped {
    return new Bootstrapped({ heads: this.heads, probability: this.headProbability, epsilon: this.epsilon });
  }

  getState(): State {
    return { heads: this.heads, drawn: this.#drawn.values };
  }

  /** @throws DqnError `incompatible-checkpoint` if it is of another number of heads, `invalid-checkpoint` if it is not sound; nothing has changed then. */
  setState(state: State): void {
    const where = 'Bootstrapped.setState(state)';
    const fields = readFields(where, state);
    checkSame(where, fields, { heads: this.heads });
    const { drawn } = fields;
    if (!(drawn instanceof Int32Array) || !drawn.every((head) => head >= UNDRAWN && head < this.heads)) {
      throw damagedState(`${where}.drawn`, `an Int32Array of heads in [-1, ${this.heads - 1}]`, drawn);
    }
    this.#drawn.restore(drawn);
  }
}

/**
 * Bootstrapped DQN's deep exploration: K estimates of the action values on one network, of which each environment draws one at the start of an episode, all
 * equally likely, and follows it greedily to the end, `a = argmax_a Q_k(s, a)` (Osband, Blundell, Pritzel and Van Roy 2016, algorithm 1). Estimates that
 * disagree try different things, and stay with them for long enough to find out. Ties go to the lowest action.
 * @throws DqnError `invalid-option` if a name is misspelt, `heads` is not a whole number of at least 1, `probability` not in (0, 1], or ε outside [0, 1] (for a schedule: when it
 * is used).
 */
export function bootstrapped(options?: BootstrappedOptions): Bootstrapped {
  return new Bootstrapped(options);
}
