import { keep, type Tensor } from '@tensorflow/tfjs-core';
import { type ParameterInfo, sizeOf } from '../../networks/plan.ts';
import type { NamedTensor } from '../../networks/q-network.ts';
import type { Device } from './device.ts';
import type { Weights } from './layer.ts';
import { reshape, slice } from './ops.ts';

/** A parameter's place among all. */
interface Place extends ParameterInfo {
  readonly start: number;
  readonly size: number;
}

/** Where every parameter lies in a flat vector of all of them. */
export class FlatLayout {
  readonly places: readonly Place[];
  /** Numbers in all parameters. */
  readonly size: number;

  constructor(parameters: readonly ParameterInfo[]) {
    let size = 0;
    this.places = parameters.map(({ name, shape }) => {
      const place = { name, shape, start: size, size: sizeOf(shape) };
      size += place.size;
      return place;
    });
    this.size = size;
  }

  /** Tensors in the order of the places, as one vector. */
  join(tensors: readonly NamedTensor[]): Float32Array {
    const all = new Float32Array(this.size);
    this.places.forEach(({ start }, i) => all.set(tensors[i].values, start));
    return all;
  }

  /** Copies of all parameters out of a vector. */
  split(all: Float32Array): NamedTensor[] {
    return this.places.map(({ name, shape, start, size }) => ({ name, shape, values: all.slice(start, start + size) }));
  }
}

/** The parameters of a network on its device: one flat vector that is replaced as a whole, never written into, and each in its shape. */
export class FlatParameters {
  readonly #device: Device;
  readonly #layout: FlatLayout;
  #all: Tensor;
  #weights: Weights | undefined;

  /** @param all - will be owned by this. */
  constructor(device: Device, layout: FlatLayout, all: Tensor) {
    this.#device = device;
    this.#layout = layout;
    this.#all = all;
  }

  /** The flat vector. */
  get all(): Tensor {
    return this.#all;
  }

  /** Each parameter in its shape, made when they are first asked for. */
  get weights(): Weights {
    this.#weights ??= this.#device.run(() => {
      const places = this.#layout.places.map(
        ({ name, shape, start, size }) => [name, keep(reshape(slice(this.#all, [start], [size]), shape))] as const,
      );
      return new Map(places);
    });
    return this.#weights;
  }

  /** Takes another vector, which will be owned by this, and frees the last one. */
  replace(all: Tensor): void {
    this.dispose();
    this.#all = all;
  }

  /** Frees everything. */
  dispose(): void {
    this.#all.dispose();
    this.#weights?.forEach((each) => each.dispose());
    this.#weights = undefined;
  }
}
