import { DqnError, describe } from '../common/errors.ts';
import type { Stacking } from '../environment/spaces/box.ts';
import { explainMismatch, isBox, type BoxSpace, type Space } from '../environment/spaces.ts';

/**
 * Turns observations of any space into the numbers that a network reads and a replay buffer keeps. A Box is taken as it
 * is (bytes stay bytes, and the network scales them to at most 1), anything else is flattened by its space.
 */
export class ObservationCodec<Observation> {
  /** Numbers in one observation. */
  readonly size: number;
  /** The shape that the network sees. */
  readonly shape: readonly number[];
  /** How a replay buffer keeps them. */
  readonly type: 'float32' | 'uint8';
  /** Where they are stacks of frames. */
  readonly stacking: Stacking | undefined;
  /** What the network multiplies them by. */
  readonly scale: number;
  readonly #space: Space<Observation>;
  readonly #box: boolean;

  constructor(space: Space<Observation>) {
    this.#space = space;
    this.size = space.flatSize;
    const box = boxOf(space);
    this.#box = box !== undefined;
    this.shape = box?.shape.length ? box.shape : [space.flatSize];
    this.type = box?.dtype === 'uint8' ? 'uint8' : 'float32';
    this.stacking = box?.stacking;
    this.scale = box?.dtype === 'uint8' ? 1 / Math.max(1, ...bounds(box)) : 1;
  }

  /** An array to encode `count` observations into. */
  allocate(count: number): Float32Array | Uint8Array {
    return this.type === 'uint8' ? new Uint8Array(count * this.size) : new Float32Array(count * this.size);
  }

  /**
   * Writes an observation at `offset`.
   * @throws DqnError `invalid-observation` if it has another type or shape, or holds NaN or infinity. The bounds of a Box
   * are not enforced: a value a little outside still teaches something.
   */
  encode(observation: Observation, out: Float32Array | Uint8Array, offset: number, where: string): void {
    if (!this.#box) {
      if (!this.#space.contains(observation)) this.#refuse(observation, where);
      this.#space.flatten(observation, out as Float32Array, offset);
      return;
    }
    const { size } = this;
    const values = observation as unknown;
    if (this.type === 'uint8') {
      if (!(values instanceof Uint8Array) || values.length !== size) this.#refuse(observation, where);
      for (let i = 0; i < size; i++) out[offset + i] = (values as Uint8Array)[i];
      return;
    }
    if (!(values instanceof Float32Array) || values.length !== size) this.#refuse(observation, where);
    for (let i = 0; i < size; i++) {
      const value = (values as Float32Array)[i];
      // Only a finite number gives zero here.
      if (value - value !== 0) this.#refuse(observation, where);
      out[offset + i] = value;
    }
  }

  /** The observation that was encoded at `offset`: of a Box, a view of these numbers. */
  decode(values: Float32Array | Uint8Array, offset: number): Observation {
    if (this.#box) return values.subarray(offset, offset + this.size) as Observation;
    return this.#space.unflatten(values as Float32Array, offset);
  }

  #refuse(observation: Observation, where: string): never {
    throw new DqnError({
      code: 'invalid-observation',
      where,
      expected: `an element of the observation space (${this.#space.kind}, ${this.size} finite numbers)`,
      received: `one outside it: ${explainMismatch(this.#space, observation) ?? describe(observation)}`,
      remedy: 'Mend the environment; checkEnvironment() of @scope/dqn/testing names all that is wrong with it.',
    });
  }
}

/** The different upper bounds of a Box. */
function bounds({ high }: BoxSpace): Set<number> {
  return new Set(high);
}

function boxOf(space: Space): BoxSpace | undefined {
  return isBox(space) ? space : undefined;
}
