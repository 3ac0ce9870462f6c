import type { NamedTensor } from '../../networks/q-network.ts';

/** A count that is odd while the weights are being written. */
const VERSION = 0;

/** What the learner published last. */
export interface PublishedWeights {
  readonly version: number;
  /** Environment steps of the agent then. */
  readonly step: number;
  readonly weights: readonly NamedTensor[];
}

/**
 * The weights of a network in memory that threads share: one writes, the others read without a lock, and read again where they were written meanwhile (a sequence lock).
 */
export class SharedWeights {
  readonly buffer: SharedArrayBuffer;
  readonly #version: Int32Array;
  readonly #step: Float64Array;
  readonly #values: Float32Array;
  /** Where the tensors lie, and their values as last read. */
  readonly #tensors: readonly (NamedTensor & { readonly offset: number })[];

  /**
   * @param tensors - those of the network; their values do not count.
   * @param buffer - that of the writer; left out, a new one.
   */
  constructor(tensors: readonly NamedTensor[], buffer?: SharedArrayBuffer) {
    let size = 0;
    this.#tensors = tensors.map(({ name, shape, values }) => {
      const tensor = { name, shape, values: new Float32Array(values.length), offset: size };
      size += values.length;
      return tensor;
    });
    this.buffer = buffer ?? new SharedArrayBuffer(16 + size * 4);
    this.#step = new Float64Array(this.buffer, 0, 1);
    this.#version = new Int32Array(this.buffer, 8, 1);
    this.#values = new Float32Array(this.buffer, 16, size);
  }

  publish(weights: readonly NamedTensor[], step: number): void {
    Atomics.add(this.#version, VERSION, 1);
    this.#step[0] = step;
    weights.forEach(({ values }, i) => this.#values.set(values, this.#tensors[i].offset));
    Atomics.add(this.#version, VERSION, 1);
  }

  /** The latest weights, unless they are those of the version; valid until the next call. */
  newerThan(version: number): PublishedWeights | undefined {
    for (;;) {
      const before = Atomics.load(this.#version, VERSION);
      if (before === version) return undefined;
      if (before % 2 !== 0) continue;
      const step = this.#step[0];
      for (const { values, offset } of this.#tensors) values.set(this.#values.subarray(offset, offset + values.length));
      if (Atomics.load(this.#version, VERSION) === before) return { version: before, step, weights: this.#tensors };
    }
  }
}
