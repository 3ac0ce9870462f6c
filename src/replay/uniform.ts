import { checkInteger } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import { checkSame, readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { batchByteLength, createBatch } from './batch.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from './replay-buffer.ts';
import { TransitionStore } from './transition-store.ts';

/** How much {@link uniform} keeps. */
export interface UniformOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
}

/** A buffer that keeps the last transitions and draws them with equal probability; see {@link uniform}. */
export class UniformReplay implements ReplayBuffer {
  readonly kind = 'uniform';
  readonly #store: TransitionStore;
  readonly #batches = new Map<number, Batch>();

  /** @throws DqnError `invalid-option` on a malformed layout, `out-of-memory`. */
  constructor(capacity: number, layout: ReplayLayout) {
    this.#store = new TransitionStore(capacity, layout);
  }

  get capacity(): number {
    return this.#store.capacity;
  }

  get size(): number {
    return this.#store.size;
  }

  /**
   * Bytes of all typed arrays it holds now: 20 a transition of capacity, the observations with 4 bytes each beside them (one for
   * each step and one more for each episode), masks, and a batch of each size ever drawn.
   */
  get byteLength(): number {
    let bytes = this.#store.byteLength;
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
  }

  /**
   * Draws a batch, every transition equally likely, with replacement. One array set a batch size is used again and again.
   * @throws DqnError `empty-replay` if the buffer is empty, `invalid-option` if the batch size is not a whole number of at least 1.
   */
  sample(batchSize: number, random: Random): Batch {
    let batch = this.#batches.get(batchSize);
    const store = this.#store;
    // Masks can come in later than the first batch, or go when an older state is restored.
    if (batch === undefined || store.masked !== (batch.nextActionMasks !== undefined)) batch = this.#newBatch(batchSize);
    const size = store.size;
    if (size === 0) {
      throw new DqnError({
        code: 'empty-replay',
        where: 'ReplayBuffer.sample(batchSize)',
        expected: 'at least one stored transition',
        received: 'an empty buffer',
        remedy: 'Add transitions first.',
      });
    }
    const oldest = store.added - size;
    const { ids } = batch;
    for (let b = 0; b < batchSize; b++) ids[b] = oldest + random.integer(size);
    store.gather(batch);
    return batch;
  }

  getState(): State {
    return { kind: this.kind, ...this.#store.getState() };
  }

  /** @throws DqnError `incompatible-checkpoint` if kind, capacity or layout differ, `invalid-checkpoint` if the state is not sound. */
  setState(state: State): void {
    const where = 'UniformReplay.setState(state)';
    checkSame(where, readFields(where, state), { kind: this.kind });
    this.#store.setState(where, state);
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

/** What {@link uniform} gives. */
export interface UniformSpec extends ReplaySpec {
  readonly kind: 'uniform';
  /** Builds the buffer, once the problem is known. */
  create(layout: ReplayLayout): UniformReplay;
}

/**
 * The replay memory of DQN: the last `capacity` transitions, drawn with equal probability and replacement (Lin 1992; Mnih et al. 2015).
 * Every observation is stored once, though two transitions hold it.
 * @throws DqnError `invalid-option` if the capacity is not a whole number in [1, 2³⁰].
 */
export function uniform({ capacity }: UniformOptions): UniformSpec {
  checkInteger('uniform(capacity)', capacity, { min: 1, max: 2 ** 30 });
  return Object.freeze({ kind: 'uniform', capacity, create: (layout: ReplayLayout) => new UniformReplay(capacity, layout) });
}
