import { Heap } from './heap.ts';
import type { Kernels } from './kernel-exports.ts';

/** What the networks of one engine share: kernels, memory, and working space for calls that keep nothing. */
export class Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
  #scratch = 0;
  #scratchBytes = 0;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
    this.heap = new Heap(kernels.memory, kernels.heapBase());
  }

  /** The address of at least `bytes` of working space, whose contents last until the next call. */
  scratch(bytes: number): number {
    if (bytes > this.#scratchBytes) {
      if (this.#scratchBytes > 0) this.heap.free(this.#scratch);
      this.#scratchBytes = 0;
      this.#scratch = this.heap.allocate(bytes);
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }
}
