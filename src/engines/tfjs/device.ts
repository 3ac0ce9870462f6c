import { getBackend, keep, setBackend, tensor, tidy, type DataType, type Tensor } from '@tensorflow/tfjs-core';
import type { MaybePromise } from '../../common/maybe-promise.ts';
import { type LossWatch, watchBackend } from './loss-watch.ts';

/** What is known of a backend of TensorFlow.js. */
export interface DeviceTraits {
  /** Its name in TensorFlow.js. */
  readonly backend: string;
  /** Whether numbers can be read at once. */
  readonly sync: boolean;
  /** Whether products with a transposed matrix are slower than transposing it first. */
  readonly slowTransposedProducts: boolean;
  /** Whether reading numbers takes long beside computing them, so that updates had better stay where the networks are. */
  readonly slowReading: boolean;
}

/** One backend of TensorFlow.js at work. TensorFlow.js has one active backend; it is this one during calls alone. */
export class Device {
  readonly traits: DeviceTraits;
  #watch: LossWatch | undefined;

  /** @param traits - of a backend that is ready. */
  constructor(traits: DeviceTraits) {
    this.traits = traits;
    this.#watch = watchBackend(traits.backend);
  }

  /** Over the backend that this works on; undefined where it cannot be lost. */
  get watch(): LossWatch | undefined {
    return this.#watch;
  }

  /** Takes to the backend that has been put in the place of a lost one. */
  renew(): void {
    this.#watch = watchBackend(this.traits.backend);
  }

  /** Computes on this backend. Of the tensors made meanwhile those in the result stay, and those that were kept. */
  run<T>(compute: () => T): T {
    const { backend } = this.traits;
    const before = getBackend() as string | undefined;
    // Both take effect at once: backends in use need no start.
    if (before !== backend) void setBackend(backend);
    try {
      return tidy(compute as () => never) as T;
    } finally {
      if (before !== undefined && before !== backend) void setBackend(before);
    }
  }

  /** A tensor with a copy of the numbers, which stays until it is disposed of. */
  upload(values: Float32Array | Int32Array, shape: readonly number[], dtype: DataType = 'float32'): Tensor {
    return this.run(() => keep(tensor(values.slice(), [...shape], dtype)));
  }

  /** The numbers of a tensor, not to be written into while it lives. Fails with `LostNumbers` where they are gone with their device. */
  read(from: Tensor): MaybePromise<Float32Array> {
    if (this.#watch) return this.#watch.read(() => from.data<'float32'>());
    return this.traits.sync ? from.dataSync<'float32'>() : from.data<'float32'>();
  }
}
