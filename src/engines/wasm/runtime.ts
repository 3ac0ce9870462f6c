import { Heap } from './heap.ts';
import type { Kernels } from './kernel-exports.ts';

/** What the networks of one engine share: kernels and memory. */
export class Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;

  constructor(kernels: Kernels) {
    this.kernels = kernels;
    this.heap = new Heap(kernels.memory, kernels.heapBase());
  }
}
