import { checkNames } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { checkSame, damagedState, readFields } from '../common/read-state.ts';
import { constant } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import {
  type CheckedPriorities,
  checkPriorities,
  fineUniform,
  importanceExponentAt,
  type PriorityOptions,
} from './proportional.ts';
import { RankHeap } from './rank-heap.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import type { SampleContext, Sampler } from './sampler.ts';
import { slotOf } from './slot.ts';
import { sampled, type SampledSpec } from './stored-replay.ts';

/** How much {@link rankPrioritized} keeps, and how it draws. Defaults: α = 0.7, β = 0.5, stratified. */
export interface RankPrioritizedOptions extends Omit<PriorityOptions, 'priorityEpsilon'> {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
}

const known = { capacity: true, priorityExponent: true, importanceExponent: true, sampling: true } as const;

const defaults: CheckedPriorities = {
  priorityExponent: 0.7,
  importanceExponent: /* @__PURE__ */ constant(0.5),
  priorityEpsilon: 0,
  sampling: 'stratified',
};

class RankSampler implements Sampler {
  readonly kind = 'rankPrioritized';
  readonly #capacity: number;
  readonly #options: CheckedPriorities;
  readonly #heap: RankHeap;
  /** `Σ_{j ≤ i} (j + 1)^(−α)`: for n transitions the first n are the distribution over places. */
  readonly #cumulative: Float64Array;
  /** The largest |δ| ever seen; 1 at first. */
  #largest = 1;

  constructor(capacity: number, options: CheckedPriorities) {
    this.#capacity = capacity;
    this.#options = options;
    try {
      this.#heap = new RankHeap(capacity);
      this.#cumulative = new Float64Array(capacity);
    } catch (cause) {
      throw new DqnError({
        code: 'out-of-memory',
        where: 'replay capacity',
        expected: `ranks of ${capacity} transitions`,
        received: 'no memory',
        remedy: 'Lower the capacity.',
        cause,
      });
    }
    let sum = 0;
    for (let i = 0; i < capacity; i++) this.#cumulative[i] = sum += (i + 1) ** -options.priorityExponent;
  }

  get byteLength(): number {
    return this.#heap.byteLength + this.#cumulative.byteLength;
  }

  get priorities(): ReplayPriorities | undefined {
    return this.#heap.size > 0 ? { mean: this.#heap.mean, max: this.#largest } : undefined;
  }

  added(id: number): void {
    this.#heap.set(slotOf(id, this.#capacity), this.#largest);
  }

  draw({ oldest, size, random, step }: SampleContext, ids: Float64Array, weights: Float32Array): void {
    const beta = importanceExponentAt(this.#options.importanceExponent, step);
    const heap = this.#heap;
    heap.sortIfDue();
    const count = ids.length;
    const total = this.#cumulative[size - 1];
    const stratified = this.#options.sampling === 'stratified';
    const capacity = this.#capacity;
    const first = slotOf(oldest, capacity);
    let lowest = 0;
    for (let b = 0; b < count; b++) {
      const mass = (stratified ? (b + fineUniform(random)) / count : fineUniform(random)) * total;
      const place = this.#find(mass, size);
      weights[b] = place + 1;
      if (place + 1 > lowest) lowest = place + 1;
      const slot = heap.at(place);
      ids[b] = oldest + slot - first + (slot < first ? capacity : 0);
    }
    // (N · P)^(−β) over its maximum, which belongs to the lowest rank: N and the sum cancel.
    const exponent = beta * this.#options.priorityExponent;
    for (let b = 0; b < count; b++) weights[b] = (weights[b] / lowest) ** exponent;
  }

  update(id: number, tdError: number): void {
    const priority = Math.abs(tdError);
    this.#heap.set(slotOf(id, this.#capacity), priority);
    if (priority > this.#largest) this.#largest = priority;
  }

  getState(): State {
    return { priorityExponent: this.#options.priorityExponent, largest: this.#largest, ...this.#heap.getState() };
  }

  setState(state: State, { size }: { readonly oldest: number; readonly size: number }): void {
    const where = 'rankPrioritized.setState(state)';
    const fields = readFields(where, state);
    checkSame(where, fields, { priorityExponent: this.#options.priorityExponent });
    const { largest } = fields;
    if (!(typeof largest === 'number' && largest >= 1 && Math.fround(largest) === largest && largest < Infinity)) {
      throw damagedState(`${where}.largest`, 'a finite float32 number of at least 1', largest);
    }
    this.#heap.setState(where, state, size, largest);
    this.#largest = largest;
  }

  /** The first place whose cumulative sum is above the mass. */
  #find(mass: number, size: number): number {
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle] > mass) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * Prioritized experience replay, rank-based variant (Schaul et al. 2016): transition i is drawn with probability
 * `P(i) = rank(i)^(−α) / Σ_{j ≤ N} j^(−α)`, where `rank(i)` is its place when all are ordered by |δ|, the largest first; importance weights as for
 * {@link prioritized}. New transitions come in at the largest |δ| seen so far, which is 1 at first. It is less sensitive to outliers.
 *
 * As in the paper the order is that of a binary heap which is sorted from time to time (here, when as many priorities have changed as transitions are
 * held). Exact: the distribution over the places of the heap, for every N; that the first place holds the largest |δ|; all ranks just after sorting; the
 * importance weights, which are those of the places drawn from. Approximate: between two sorts a place may differ from the rank.
 * Drawing and updating take O(log n) on average; a sort takes O(n) at once, some tens of milliseconds for a million. Its `priorities` are the |δ|, read in O(n).
 * @throws DqnError `invalid-option` if an option is outside its range or unknown.
 */
export function rankPrioritized(options: RankPrioritizedOptions): SampledSpec {
  checkNames('rankPrioritized(options)', options, known);
  const checked = checkPriorities('rankPrioritized', options, defaults);
  return sampled({
    capacity: options.capacity,
    sampler: { kind: 'rankPrioritized', create: (capacity) => new RankSampler(capacity, checked) },
  });
}
