import { DqnError, describe } from '../common/errors.ts';
import { checkSame, readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import type { SampleContext, Sampler, SamplerSpec } from './sampler.ts';
import { sampled, type SampledSpec } from './stored-replay.ts';

class CombinedSampler implements Sampler {
  readonly kind: string;
  readonly #inner: Sampler;
  readonly update?: (id: number, tdError: number) => void;
  /** The arrays of the last draw, and what the inner sampler gets of them. */
  #ids: Float64Array = new Float64Array();
  #weights: Float32Array = new Float32Array();
  #innerIds = this.#ids;
  #innerWeights = this.#weights;

  constructor(kind: string, inner: Sampler) {
    this.kind = kind;
    this.#inner = inner;
    if (inner.update !== undefined) this.update = (id, tdError) => inner.update?.(id, tdError);
  }

  get byteLength(): number {
    return this.#inner.byteLength ?? 0;
  }

  get priorities(): ReplayPriorities | undefined {
    return this.#inner.priorities;
  }

  added(id: number): void {
    this.#inner.added(id);
  }

  draw(context: SampleContext, ids: Float64Array, weights: Float32Array): void {
    ids[0] = context.oldest + context.size - 1;
    if (ids.length === 1) return;
    if (ids !== this.#ids || weights !== this.#weights) {
      this.#ids = ids;
      this.#weights = weights;
      this.#innerIds = ids.subarray(1);
      this.#innerWeights = weights.subarray(1);
    }
    this.#inner.draw(context, this.#innerIds, this.#innerWeights);
  }

  getState(): State {
    return { kind: this.#inner.kind, inner: this.#inner.getState() };
  }

  setState(state: State, held: { readonly oldest: number; readonly size: number }): void {
    const where = `${this.kind}.setState(state)`;
    const fields = readFields(where, state);
    checkSame(where, fields, { kind: this.#inner.kind });
    this.#inner.setState((fields.inner ?? null) as State, held);
  }
}

/**
 * Combined experience replay (Zhang and Sutton 2017): the first row of every batch is the latest transition, with weight 1; the others are drawn by
 * the buffer given, for example `combined(prioritized({ capacity }))`. With several environments the latest is that of the last one to step.
 * @throws DqnError `invalid-option` if it is given no buffer of {@link sampled}'s family.
 */
export function combined(spec: SampledSpec): SampledSpec {
  const inner: SamplerSpec | undefined = spec?.sampler;
  if (typeof inner?.create !== 'function') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'combined(spec)',
      expected: 'uniform(), prioritized() or another buffer with a sampler',
      received: describe(spec),
      remedy: 'Pass such a buffer, for example combined(uniform({ capacity: 100_000 })).',
    });
  }
  const kind = `combined(${inner.kind})`;
  const create = (capacity: number) => new CombinedSampler(kind, inner.create(capacity));
  return sampled({ capacity: spec.capacity, sampler: { kind, create } });
}
