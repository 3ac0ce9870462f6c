import { checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import { checkSame, damagedState, readFields } from '../common/read-state.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import { largestLeaf, SumTree } from './sum-tree.ts';

/** How priorities become probabilities and weights. */
export interface PriorityOptions {
  /** α in [0, 1]: how much priorities count; 0 is uniform. */
  readonly priorityExponent?: number;
  /**
   * β: how far the importance weights undo the bias, wholly at 1. A number in [0, 1] or a schedule over environment steps, whose values are clamped
   * to [0, 1].
   */
  readonly importanceExponent?: number | Schedule;
  /** ε in [0, 1], added to |δ| so that nothing is never drawn again. */
  readonly priorityEpsilon?: number;
  /** `stratified` (default): one draw from each of B equal parts of the whole priority, as in the paper. `independent`: B draws that know nothing of each other. */
  readonly sampling?: 'stratified' | 'independent';
}

/** {@link PriorityOptions}, checked and complete. */
export interface CheckedPriorities {
  readonly priorityExponent: number;
  readonly importanceExponent: Schedule;
  readonly priorityEpsilon: number;
  readonly sampling: 'stratified' | 'independent';
}

/** @throws DqnError `invalid-option`. */
export function checkPriorities(where: string, options: PriorityOptions, defaults: CheckedPriorities): CheckedPriorities {
  const { priorityExponent, importanceExponent, priorityEpsilon, sampling } = { ...defaults, ...dropUndefined(options) };
  checkNumber(`${where}(priorityExponent)`, priorityExponent, { min: 0, max: 1 });
  if (typeof importanceExponent === 'number') checkNumber(`${where}(importanceExponent)`, importanceExponent, { min: 0, max: 1 });
  checkNumber(`${where}(priorityEpsilon)`, priorityEpsilon, { min: 0, max: 1 });
  if (sampling !== 'stratified' && sampling !== 'independent') {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(sampling)`,
      expected: "'stratified' or 'independent'",
      received: describe(sampling),
      remedy: "Pass 'stratified'.",
    });
  }
  const schedule = toSchedule(importanceExponent, `${where}(importanceExponent)`);
  return Object.freeze({ priorityExponent, importanceExponent: schedule, priorityEpsilon, sampling });
}

/** Options given as `undefined` count as left out. */
function dropUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** β at a step, clamped to [0, 1]. @throws DqnError `invalid-option` if the schedule gives NaN. */
export function importanceExponentAt(schedule: Schedule, step: number): number {
  const beta = schedule.at(step);
  const clamped = Math.min(1, Math.max(0, beta));
  if (clamped === clamped) return clamped; // no NaN
  throw new DqnError({
    code: 'invalid-option',
    where: `importanceExponent (schedule ${schedule.kind})`,
    expected: 'a number',
    received: `${describe(beta)} at step ${describe(step)}`,
    remedy: 'Give the schedule a number for every step, and sample(batchSize, random, step) the step.',
  });
}

/** A number in [0, 1) of 53 random bits: 32 would miss leaves of less than 2⁻³² of the whole. */
export function fineUniform(random: Random): number {
  return ((random.uint32() >>> 5) * 67108864 + (random.uint32() >>> 6)) / 9007199254740992;
}

/** xᵉ for x ≥ 0 and e in [0, 1], within a few units of the last place: by logarithms, which V8 11 (Node 20) has three times as fast. */
function power(x: number, exponent: number): number {
  if (exponent === 1) return x;
  return exponent === 0 ? 1 : Math.exp(exponent * Math.log(x));
}

/**
 * Priorities of slots, drawn in proportion: `P(i) = p_i^α / Σ_k p_k^α` with `p_i = |δ_i| + ε` (Schaul et al. 2016, eq. 1, proportional variant). A slot
 * that holds nothing has the value 0 and is never drawn.
 */
export class Proportional {
  readonly #options: CheckedPriorities;
  /** `p_i^α`. */
  readonly #tree: SumTree;
  /** The largest `p^α` ever seen; 1 at first. */
  #largest = 1;
  #masses = new Float64Array();

  /** @throws DqnError `out-of-memory`. */
  constructor(slots: number, options: CheckedPriorities) {
    this.#options = options;
    this.#tree = new SumTree(slots);
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    return this.#tree.byteLength + this.#masses.byteLength;
  }

  /** `p^α` over `count` slots that hold something. */
  prioritiesOf(count: number): ReplayPriorities | undefined {
    return count > 0 ? { mean: this.#tree.total / count, max: this.#largest } : undefined;
  }

  /** The slot holds something new: it gets the largest priority seen. */
  add(slot: number): void {
    this.#tree.set(slot, this.#largest);
  }

  /** The slot holds nothing any more. */
  remove(slot: number): void {
    this.#tree.set(slot, 0);
  }

  /** `p_i^α` of the slot. */
  get(slot: number): number {
    return this.#tree.get(slot);
  }

  /** Sets the priority of a slot from the absolute value of its TD error, which must be finite. */
  update(slot: number, magnitude: number): void {
    const { priorityExponent, priorityEpsilon } = this.#options;
    const value = power(magnitude + priorityEpsilon, priorityExponent);
    this.#tree.set(slot, value);
    if (value > this.#largest) this.#largest = value;
  }

  /**
   * Draws slots, and their importance weights `w_i = (N · P(i))^(−β) / max_j w_j`, the maximum being over the batch (Schaul et al. 2016, section 3.4).
   * @returns false, and has done nothing, where all priorities are 0.
   */
  draw(random: Random, step: number, slots: Float64Array, weights: Float32Array): boolean {
    const beta = importanceExponentAt(this.#options.importanceExponent, step);
    const tree = this.#tree;
    const total = tree.total;
    if (total === 0) return false;
    const count = slots.length;
    if (this.#masses.length < count) this.#masses = new Float64Array(count);
    const masses = this.#masses;
    if (this.#options.sampling === 'stratified') {
      for (let b = 0; b < count; b++) masses[b] = ((b + fineUniform(random)) / count) * total;
    } else {
      for (let b = 0; b < count; b++) masses[b] = fineUniform(random) * total;
    }
    tree.find(masses, slots);
    if (beta === 0) {
      weights.fill(1);
      return true;
    }
    // N and the total cancel against the maximum, which belongs to the smallest priority.
    let smallest = Infinity;
    for (let b = 0; b < count; b++) {
      const value = tree.get(slots[b]);
      masses[b] = value;
      if (value < smallest) smallest = value;
    }
    for (let b = 0; b < count; b++) {
      const ratio = smallest / masses[b];
      weights[b] = power(ratio, beta);
    }
    return true;
  }

  /** The values of `size` slots from `first` on, round the end. */
  getState(first: number, size: number): { readonly [key: string]: State } {
    const values = new Float64Array(size);
    for (let i = 0; i < size; i++) values[i] = this.#tree.get((first + i) % this.#tree.size);
    const { priorityExponent, priorityEpsilon } = this.#options;
    return { priorityExponent, priorityEpsilon, largest: this.#largest, values };
  }

  /**
   * Reads what {@link Proportional.getState} gave, and gives what puts it in place.
   * @throws DqnError `incompatible-checkpoint` if α or ε differ, `invalid-checkpoint` if the state is not sound.
   */
  readState(where: string, state: unknown, first: number, size: number): () => void {
    const fields = readFields(where, state);
    const { priorityExponent, priorityEpsilon } = this.#options;
    checkSame(where, fields, { priorityExponent, priorityEpsilon });
    const { largest, values } = fields;
    if (!(typeof largest === 'number' && largest >= 1 && largest <= largestLeaf)) {
      throw damagedState(`${where}.largest`, 'a finite number of at least 1', largest);
    }
    if (!(values instanceof Float64Array) || values.length !== size)
      throw damagedState(`${where}.values`, `Float64Array(${size})`, values);
    for (let i = 0; i < size; i++) {
      if (!(values[i] >= 0 && values[i] <= largest))
        throw damagedState(`${where}.values[${i}]`, `a number in [0, ${largest}]`, values[i]);
    }
    return () => {
      const slots = this.#tree.size;
      for (let slot = 0; slot < slots; slot++) this.#tree.set(slot, 0);
      for (let i = 0; i < size; i++) this.#tree.set((first + i) % slots, values[i]);
      this.#largest = largest;
    };
  }
}
