import type { KernelVariant } from './choose-kernels.ts';
import { Heap } from './heap.ts';
import type { Kernels } from './kernel-exports.ts';
import { loadFurtherKernels, loadKernels } from './load-kernels.ts';

/** What the networks of one engine share: kernels and memory. */
export class Runtime {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly #variant: KernelVariant;
  readonly #further = new Map<string, unknown>();

  /** @throws DqnError `unsupported-platform` if the platform lets no kernels be compiled. */
  constructor(variant: KernelVariant) {
    this.kernels = loadKernels(variant);
    this.heap = new Heap(this.kernels.memory, this.kernels.heapBase());
    this.#variant = variant;
  }

  /** Kernels that only some layers need, from their module in hexadecimal; T is what it exports. */
  further<T>(code: string): T {
    const found = this.#further.get(code) ?? loadFurtherKernels(this.#variant, code, this.kernels);
    this.#further.set(code, found);
    return found as T;
  }
}
