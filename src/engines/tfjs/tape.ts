import { keep, type Tensor } from '@tensorflow/tfjs-core';

/** Tensors that are kept from a pass forward until its pass backward is done. */
export class Tape {
  readonly #kept: Tensor[] = [];

  /** Keeps a tensor; gives it back. */
  keep(tensor: Tensor): Tensor {
    this.#kept.push(tensor);
    return keep(tensor);
  }

  /** Frees all of them. */
  release(): void {
    // A tensor kept twice is disposed of twice, which is harmless.
    for (const each of this.#kept.splice(0)) each.dispose();
  }
}
