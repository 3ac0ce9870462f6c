import type { Tensor } from '@tensorflow/tfjs-core';
import type { Device } from './device.ts';
import { type Products, productsFor } from './products.ts';

/** What the layers of a network share while they are built. */
export class Foundation {
  readonly products: Products;
  readonly #device: Device;
  readonly #constants: Tensor[] = [];
  #stateTaken = 0;

  constructor(device: Device) {
    this.#device = device;
    this.products = productsFor(device.traits);
  }

  /** A tensor that stays as long as the network. */
  constant(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    const made = this.#device.upload(values, shape, values instanceof Int32Array ? 'int32' : 'float32');
    this.#constants.push(made);
    return made;
  }

  /** Takes so many numbers of the state of a sequence, and says where they begin. */
  takeState(units: number): number {
    const start = this.#stateTaken;
    this.#stateTaken += units;
    return start;
  }

  /** Frees the constants. */
  dispose(): void {
    for (const each of this.#constants.splice(0)) each.dispose();
  }
}
