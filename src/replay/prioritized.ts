import { checkNames } from '../common/check.ts';
import { constant } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { type CheckedPriorities, checkPriorities, type PriorityOptions, Proportional } from './proportional.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import type { SampleContext, Sampler } from './sampler.ts';
import { slotOf } from './slot.ts';
import { sampled, type SampledSpec } from './stored-replay.ts';

/** How much {@link prioritized} keeps, and how it draws. Defaults: α = 0.6, β = 0.4, ε = 10⁻⁶, stratified. */
export interface PrioritizedOptions extends PriorityOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
}

const known = { capacity: true, priorityExponent: true, importanceExponent: true, priorityEpsilon: true, sampling: true } as const;

const defaults: CheckedPriorities = {
  priorityExponent: 0.6,
  importanceExponent: /* @__PURE__ */ constant(0.4),
  priorityEpsilon: 1e-6,
  sampling: 'stratified',
};

class ProportionalSampler implements Sampler {
  readonly kind = 'prioritized';
  readonly #capacity: number;
  readonly #priorities: Proportional;
  /** Transitions ever added. */
  #added = 0;

  constructor(capacity: number, options: CheckedPriorities) {
    this.#capacity = capacity;
    this.#priorities = new Proportional(capacity, options);
  }

  get byteLength(): number {
    return this.#priorities.byteLength;
  }

  get priorities(): ReplayPriorities | undefined {
    return this.#priorities.prioritiesOf(this.#size);
  }

  get #size(): number {
    return Math.min(this.#added, this.#capacity);
  }

  added(id: number): void {
    this.#priorities.add(slotOf(id, this.#capacity));
    this.#added = id + 1;
  }

  draw({ oldest, size, random, step }: SampleContext, ids: Float64Array, weights: Float32Array): void {
    if (!this.#priorities.draw(random, step, ids, weights)) {
      for (let b = 0; b < ids.length; b++) ids[b] = oldest + random.integer(size);
      return;
    }
    const first = slotOf(oldest, this.#capacity);
    for (let b = 0; b < ids.length; b++) ids[b] = oldest + ids[b] - first + (ids[b] < first ? this.#capacity : 0);
  }

  update(id: number, tdError: number): void {
    this.#priorities.update(slotOf(id, this.#capacity), Math.abs(tdError));
  }

  getState(): State {
    const size = this.#size;
    return this.#priorities.getState(slotOf(this.#added - size, this.#capacity), size);
  }

  setState(state: State, { oldest, size }: { readonly oldest: number; readonly size: number }): void {
    this.#priorities.readState('prioritized.setState(state)', state, slotOf(oldest, this.#capacity), size)();
    this.#added = oldest + size;
  }
}

/**
 * Prioritized experience replay, proportional variant (Schaul et al. 2016): transition i is drawn with probability
 * `P(i) = p_i^α / Σ_k p_k^α`, `p_i = |δ_i| + ε`, where δ_i is the TD error of its last update; its importance weight is
 * `w_i = (N · P(i))^(−β) / max_j w_j` over the batch. New transitions come in at the largest priority seen so far, which is 1 at first. The
 * priorities are those of a sum tree that is exact after any number of updates; drawing and updating take O(log n). Where all priorities are 0 (possible
 * for ε = 0 alone) it draws uniformly. Its `priorities` are those `p_i^α`, read in O(1). The clock of a β schedule is the environment steps given to `sample`.
 * @throws DqnError `invalid-option` if an option is outside its range or unknown.
 */
export function prioritized(options: PrioritizedOptions): SampledSpec {
  checkNames('prioritized(options)', options, known);
  const checked = checkPriorities('prioritized', options, defaults);
  return sampled({
    capacity: options.capacity,
    sampler: { kind: 'prioritized', create: (capacity) => new ProportionalSampler(capacity, checked) },
  });
}
