import { maskedArgmax } from '../bellman/greedy.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
import { checkSame, damagedState, incompatibleState, readArray, readFields, readInteger } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { ExplorerInput, RememberingExplorer } from './explorer.ts';
import { noPossibleAction } from './greedy.ts';
import { exactBits, type StateKey } from './state-key.ts';
import { VisitCounts } from './visit-counts.ts';

/** What {@link ucb} takes. */
export interface UcbOptions {
  /** c, at least 0, in the unit of the action values. */
  readonly coefficient: number;
  /** Which states count as the same. Default {@link exactBits}; {@link simHash} for continuous observations. */
  readonly key?: StateKey;
  /** The most states that are remembered, at least 1. Default 1,000,000. */
  readonly capacity?: number;
}

/** See {@link ucb}. */
export class Ucb implements RememberingExplorer {
  readonly kind = 'ucb';
  /** c. */
  readonly coefficient: number;
  /** Which states count as the same. */
  readonly key: StateKey;
  /** The most states that are remembered. */
  readonly capacity: number;
  #visits: VisitCounts | undefined;
  #scores = new Float32Array(0);
  #untried = new Uint8Array(0);
  readonly #words = new Uint32Array(2);

  /** @throws DqnError `invalid-option` as {@link ucb}. */
  constructor({ coefficient, key = exactBits(), capacity = 1_000_000, ...unknown }: UcbOptions) {
    checkRest('ucb(options)', unknown);
    this.coefficient = checkNumber('ucb(coefficient)', coefficient, { min: 0 });
    this.key = key;
    this.capacity = checkInteger('ucb(capacity)', capacity, { min: 1, max: 2 ** 26 });
  }

  /** States remembered. */
  get states(): number {
    return this.#visits?.size ?? 0;
  }

  /**
   * @throws DqnError `invalid-environment` if no action is possible, `incompatible-checkpoint` if what is remembered is of another number of actions.
   */
  select({ batch, actions, qValues, masks, observations, observationSize }: ExplorerInput, out: Int32Array): void {
    const visits = (this.#visits ??= new VisitCounts(actions, this.capacity));
    if (visits.actions !== actions) throw incompatibleState('ucb(…).select, actions', visits.actions, actions);
    if (this.#scores.length !== actions) {
      this.#scores = new Float32Array(actions);
      this.#untried = new Uint8Array(actions);
    }
    const words = this.#words;
    for (let n = 0; n < batch; n++) {
      const greedy = maskedArgmax(qValues, n * actions, actions, masks);
      if (greedy < 0) throw noPossibleAction(n);
      this.key.write(observations, n * observationSize, observationSize, words);
      const state = visits.find(words[0], words[1]);
      if (state < 0) {
        out[n] = greedy;
        continue;
      }
      const action = this.#choose(visits, state, qValues, n * actions, masks);
      visits.set(state, action, visits.get(state, action) + 1);
      out[n] = action;
    }
  }

  /** The possible action of the largest value plus bonus: among those never tried in the state, by value, where there are any. */
  #choose(visits: VisitCounts, state: number, qValues: Float32Array, offset: number, masks: Uint8Array | undefined): number {
    const { actions } = visits;
    const scores = this.#scores;
    const untried = this.#untried;
    let total = 0;
    for (let a = 0; a < actions; a++) {
      const count = visits.get(state, a);
      total += count;
      untried[a] = count === 0 && (masks === undefined || masks[offset + a] !== 0) ? 1 : 0;
    }
    const first = maskedArgmax(qValues, offset, actions, untried, 0);
    if (first >= 0) return first;
    const log = Math.log(1 + total);
    for (let a = 0; a < actions; a++) {
      // An impossible action may never have been tried; its score is not looked at.
      scores[a] = qValues[offset + a] + this.coefficient * Math.sqrt(log / Math.max(1, visits.get(state, a)));
    }
    return masks === undefined ? maskedArgmax(scores, 0, actions) : maskedArgmax(scores, 0, actions, masks, offset);
  }

  fresh(): Ucb {
    const { coefficient, key, capacity } = this;
    return new Ucb({ coefficient, key, capacity });
  }

  getState(): State {
    const visits = this.#visits;
    return {
      key: this.key.kind,
      actions: visits?.actions ?? 0,
      states: visits?.size ?? 0,
      keys: visits?.keys ?? new Uint32Array(0),
      counts: visits?.counts ?? new Uint32Array(0),
    };
  }

  /**
   * @throws DqnError `incompatible-checkpoint` if it is of other keys or of more states than fit, `invalid-checkpoint` if it is not sound; nothing has
   * changed then.
   */
  setState(state: State): void {
    const where = 'Ucb.setState(state)';
    const fields = readFields(where, state);
    checkSame(where, fields, { key: this.key.kind });
    const actions = readInteger(where, fields, 'actions', 0, 2 ** 26);
    const states = readInteger(where, fields, 'states', 0, 2 ** 26);
    const keys = readArray(where, fields, 'keys', Uint32Array, 2 * states);
    const counts = readArray(where, fields, 'counts', Uint32Array, actions * states);
    if (states > this.capacity) throw incompatibleState(`${where}.states`, this.capacity, states);
    if (states === 0) {
      this.#visits = undefined;
      return;
    }
    if (actions === 0) throw damagedState(`${where}.actions`, 'a number of at least 1', actions);
    const visits = new VisitCounts(actions, this.capacity);
    for (let i = 0; i < states; i++) {
      if (visits.find(keys[2 * i], keys[2 * i + 1]) !== i) throw damagedState(`${where}.keys`, 'keys that differ', keys);
      for (let a = 0; a < actions; a++) visits.set(i, a, counts[i * actions + a]);
    }
    this.#visits = visits;
  }
}

/**
 * Counts how often each action was taken in each state, and adds what is not yet known of it: `argmax_a Q(s, a) + c √(ln(1 + t_s) / N(s, a))`,
 * `t_s = Σ_a N(s, a)`, over the possible actions; those never tried in the state come first, by their values (UCB1, Auer, Cesa-Bianchi and Fischer 2002,
 * in every state; counts of hashed states as Tang et al. 2017). It draws nothing. Ties go to the lowest action.
 *
 * It remembers up to `capacity` states, about 16 + 4 A bytes each (twice that at most), and takes that memory as states come; those that come when it is full
 * are not remembered, and acted in greedily. A `simHash` of k bits never needs more than 2ᵏ.
 * @throws DqnError `invalid-option` if a name is misspelt, `coefficient` is below 0 or `capacity` not a whole number in [1, 2²⁶].
 */
export function ucb(options: UcbOptions): Ucb {
  return new Ucb(options);
}
