import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import { checkSame, readCount, readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { batchByteLength, createBatch } from './batch.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from './replay-buffer.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import type { SampleContext, Sampler, SamplerSpec } from './sampler.ts';
import { TransitionStore } from './transition-store.ts';

/** A buffer that keeps the last transitions in one store and lets a {@link Sampler} say which are drawn; see {@link sampled}. */
export class StoredReplay implements ReplayBuffer {
  readonly #spec: SamplerSpec;
  readonly #store: TransitionStore;
  readonly #batches = new Map<number, Batch>();
  /** Filled anew for each draw. */
  readonly #context = {} as { -readonly [K in keyof SampleContext]: SampleContext[K] };
  #sampler: Sampler;

  /** @throws DqnError `invalid-option` on a malformed layout, `out-of-memory`. */
  constructor(capacity: number, sampler: SamplerSpec, layout: ReplayLayout) {
    this.#spec = sampler;
    this.#store = new TransitionStore(capacity, layout);
    this.#sampler = sampler.create(capacity);
  }

  /** That of the sampler. */
  get kind(): string {
    return this.#spec.kind;
  }

  get capacity(): number {
    return this.#store.capacity;
  }

  get size(): number {
    return this.#store.size;
  }

  /** Those of the sampler. */
  get priorities(): ReplayPriorities | undefined {
    return this.#sampler.priorities;
  }

  /**
   * Bytes of all typed arrays it holds now: 20 a transition of capacity, the observations with 4 bytes each beside them (one for
   * each step and one more for each episode), masks, a batch of each size ever drawn, and what the sampler says it holds.
   */
  get byteLength(): number {
    let bytes = this.#store.byteLength + (this.#sampler.byteLength ?? 0);
    for (const batch of this.#batches.values()) bytes += batchByteLength(batch);
    return bytes;
  }

  /**
   * Copies a transition in; the oldest goes where the buffer is full.
   * @throws DqnError `invalid-observation`, `invalid-action`, `invalid-reward`, `invalid-option` (discount, stream) or `out-of-memory`; then
   * nothing has changed.
   */
  add(transition: Transition): void {
    this.#store.add(transition);
    this.#sampler.added(this.#store.added - 1);
  }

  /**
   * Draws a batch, with replacement, as the sampler says. One array set a batch size is used again and again.
   * @throws DqnError `empty-replay` if the buffer is empty, `invalid-option` if the batch size is not a whole number of at least 1, or the sampler
   * gives a transition that is not held or a weight that is not a number of at least 0.
   */
  sample(batchSize: number, random: Random, step = 0): Batch {
    let batch = this.#batches.get(batchSize);
    const store = this.#store;
    // Masks can come in later than the first batch, or go when an older state is restored.
    if (batch === undefined || store.masked !== (batch.nextActionMasks !== undefined)) batch = this.#newBatch(batchSize);
    const size = store.size;
    if (size === 0) throw emptyReplay('ReplayBuffer.sample(batchSize)', 'at least one stored transition');
    const oldest = store.added - size;
    const context = this.#context;
    context.oldest = oldest;
    context.size = size;
    context.random = random;
    context.step = step;
    const { ids, weights } = batch;
    weights.fill(1);
    this.#sampler.draw(context, ids, weights);
    const end = oldest + size;
    for (let b = 0; b < batchSize; b++) {
      const id = ids[b];
      if (!(id >= oldest && id < end && Math.floor(id) === id)) {
        throw badDraw(this.kind, 'ids', `a whole number in [${oldest}, ${end - 1}]`, id);
      }
      if (!(weights[b] >= 0 && weights[b] < Infinity)) {
        throw badDraw(this.kind, 'weights', 'a finite number of at least 0', weights[b]);
      }
    }
    store.gather(batch);
    return batch;
  }

  /**
   * Hands the TD errors of a batch to the sampler, those of transitions still held.
   * @param ids - `[B]`.
   * @param tdErrors - `[B]`.
   * @throws DqnError `invalid-option` if the lengths differ, an id was never given out, or a TD error is NaN or infinite; nothing has changed then.
   */
  updatePriorities(ids: Float64Array, tdErrors: Float32Array): void {
    const sampler = this.#sampler;
    if (sampler.update === undefined) return;
    const { added, size } = this.#store;
    checkTdErrors(ids, tdErrors, ids.length, added);
    const oldest = added - size;
    for (let b = 0; b < ids.length; b++) if (ids[b] >= oldest) sampler.update(ids[b], tdErrors[b]);
  }

  getState(): State {
    const sampler = this.#sampler.getState();
    return { kind: this.kind, ...this.#store.getState(), ...(sampler === null ? {} : { sampler }) };
  }

  /** @throws DqnError `incompatible-checkpoint` if kind, capacity or layout differ, `invalid-checkpoint` if the state is not sound. */
  setState(state: State): void {
    const where = 'StoredReplay.setState(state)';
    const { capacity } = this;
    const fields = readFields(where, state);
    checkSame(where, fields, { kind: this.kind, capacity });
    const added = readCount(where, fields, 'added');
    const size = Math.min(added, capacity);
    // A fresh sampler: where the store refuses the state, nothing has changed.
    const sampler = this.#spec.create(capacity);
    sampler.setState((fields.sampler ?? null) as State, { oldest: added - size, size });
    this.#store.setState(where, state);
    this.#sampler = sampler;
  }

  /**
   * Throws if the parts contradict each other: for tests.
   * @internal
   */
  checkInvariants(): void {
    this.#store.checkInvariants();
  }

  #newBatch(batchSize: number): Batch {
    checkInteger('ReplayBuffer.sample(batchSize)', batchSize, { min: 1 });
    const batch = createBatch(batchSize, this.#store.layout, this.#store.masked);
    this.#batches.set(batchSize, batch);
    return batch;
  }
}

/** How much {@link sampled} keeps, and who draws from it. */
export interface SampledOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
  /** Says which transitions are drawn. */
  readonly sampler: SamplerSpec;
}

/** A {@link StoredReplay} still to be built. */
export interface SampledSpec extends ReplaySpec {
  /** Says which transitions are drawn. */
  readonly sampler: SamplerSpec;
  /** Builds the buffer, once the problem is known. */
  create(layout: ReplayLayout): StoredReplay;
}

/**
 * The last `capacity` transitions, drawn by a {@link Sampler} of your own. Every observation is stored once, though two transitions hold it.
 * The built-in buffers {@link uniform}, {@link prioritized}, {@link rankPrioritized}, {@link stratified} and {@link recentFirst} are this with their samplers.
 * @throws DqnError `invalid-option` if the capacity is not a whole number in [1, 2³⁰] or the sampler is none.
 */
export function sampled({ capacity, sampler }: SampledOptions): SampledSpec {
  if (typeof sampler?.create !== 'function' || typeof sampler.kind !== 'string') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'sampled(sampler)',
      expected: 'a sampler still to be built: { kind, create(capacity) }',
      received: describe(sampler),
      remedy: 'Pass an object with a name and a function that gives a Sampler.',
    });
  }
  const { kind } = sampler;
  checkInteger(`${kind}(capacity)`, capacity, { min: 1, max: 2 ** 30 });
  return Object.freeze({ kind, capacity, sampler, create: (layout: ReplayLayout) => new StoredReplay(capacity, sampler, layout) });
}

/** The error of drawing from nothing. */
export function emptyReplay(where: string, expected: string): DqnError {
  return new DqnError({ code: 'empty-replay', where, expected, received: 'an empty buffer', remedy: 'Add transitions first.' });
}

/**
 * Refuses what `updatePriorities` cannot take: before anything is changed.
 * @param length - how many TD errors there must be.
 * @param added - ids are below this.
 * @throws DqnError `invalid-option`.
 */
export function checkTdErrors(ids: Float64Array, tdErrors: Float32Array, length: number, added: number): void {
  const where = 'ReplayBuffer.updatePriorities';
  if (tdErrors.length !== length) {
    throw invalid(`${where}(tdErrors)`, `${length} TD errors`, tdErrors, 'Pass as many as the batch has.');
  }
  for (let b = 0; b < ids.length; b++) {
    const id = ids[b];
    if (!(id >= 0 && id < added && Math.floor(id) === id)) {
      throw invalid(`${where}(ids[${b}])`, `a whole number in [0, ${added - 1}]`, id, 'Pass the ids of a batch.');
    }
  }
  for (let i = 0; i < length; i++) {
    const error = tdErrors[i];
    if (error - error !== 0) {
      throw invalid(`${where}(tdErrors[${i}])`, 'a finite number', error, 'Lower the learning rate: the values diverge.');
    }
  }
}

function badDraw(kind: string, what: string, expected: string, received: number): DqnError {
  return invalid(`Sampler.draw(${what}) of ${kind}`, expected, received, 'Mend the sampler.');
}

function invalid(where: string, expected: string, received: unknown, remedy: string): DqnError {
  return new DqnError({ code: 'invalid-option', where, expected, received: describe(received), remedy });
}
