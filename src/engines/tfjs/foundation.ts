import type { Tensor } from '@tensorflow/tfjs-core';
import type { Random } from '../../common/random.ts';
import type { Device } from './device.ts';
import { type Products, productsFor } from './products.ts';

/** What the layers of a network share while they are built. */
export class Foundation {
  readonly products: Products;
  readonly device: Device;
  /** Gives streams by name; nothing is drawn from it directly. */
  readonly random: Random;
  /** Whether the network will be trained. */
  readonly learns: boolean;
  readonly #owned: { dispose(): unknown }[] = [];
  readonly #starts = new Map<string, Tensor>();
  #stateTaken = 0;

  constructor(device: Device, random: Random, learns: boolean) {
    this.device = device;
    this.random = random;
    this.learns = learns;
    this.products = productsFor(device.traits);
  }

  /** What layers have drawn for their parameters themselves, by name; it is copied before the first pass. */
  get starts(): ReadonlyMap<string, Tensor> {
    return this.#starts;
  }

  /** Lets a parameter start so. */
  start(name: string, from: Tensor): void {
    this.#starts.set(name, from);
  }

  /** Takes something that is freed with the network. */
  own(part: { dispose(): unknown }): void {
    this.#owned.push(part);
  }

  /** A tensor that stays as long as the network. */
  constant(values: Float32Array | Int32Array, shape: readonly number[]): Tensor {
    const made = this.device.upload(values, shape, values instanceof Int32Array ? 'int32' : 'float32');
    this.own(made);
    return made;
  }

  /** Takes so many numbers of the state of a sequence, and says where they begin. */
  takeState(units: number): number {
    const start = this.#stateTaken;
    this.#stateTaken += units;
    return start;
  }

  /** Frees the constants, and all else that it owns. */
  dispose(): void {
    for (const each of this.#owned.splice(0)) each.dispose();
  }
}
