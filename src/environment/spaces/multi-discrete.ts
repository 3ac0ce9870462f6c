import { checkInteger } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkRoom } from './check-room.ts';
import { hot, hotIndex } from './one-hot.ts';
import type { Space } from './space.ts';

/** Several discrete choices at once; see {@link multiDiscrete}. */
export class MultiDiscreteSpace implements Space<Int32Array> {
  readonly kind = 'multiDiscrete';
  /** How many values each choice has. */
  readonly nvec: readonly number[];
  /** Σ nvec: each choice is flattened one-hot, one after the other. */
  readonly flatSize: number;

  /** Use {@link multiDiscrete}, which checks its arguments. */
  constructor(nvec: readonly number[]) {
    this.nvec = nvec;
    this.flatSize = nvec.reduce((sum, n) => sum + n, 0);
  }

  /** Independent choices, every value equally likely. */
  sample(random: Random): Int32Array {
    return Int32Array.from(this.nvec, (n) => random.integer(n));
  }

  contains(value: unknown): value is Int32Array {
    return this.explain(value) === undefined;
  }

  explain(value: unknown): string | undefined {
    if (!(value instanceof Int32Array)) return `expected an Int32Array but received ${describe(value)}`;
    if (value.length !== this.nvec.length) return `expected ${this.nvec.length} numbers but received ${value.length}`;
    for (let i = 0; i < value.length; i++) {
      if (value[i] >= 0 && value[i] < this.nvec[i]) continue;
      return `expected a whole number in [0, ${this.nvec[i] - 1}] at index ${i} but received ${value[i]}`;
    }
    return undefined;
  }

  /** Writes the choices one-hot, one after the other. */
  flatten(value: Int32Array, out: Float32Array, offset = 0): void {
    checkRoom('MultiDiscreteSpace.flatten(out)', out.length, offset, this.flatSize);
    for (let i = 0; i < this.nvec.length; i++) {
      hot(value[i], this.nvec[i], out, offset);
      offset += this.nvec[i];
    }
  }

  unflatten(values: Float32Array, offset = 0): Int32Array {
    checkRoom('MultiDiscreteSpace.unflatten(values)', values.length, offset, this.flatSize);
    const value = new Int32Array(this.nvec.length);
    for (let i = 0; i < this.nvec.length; i++) {
      value[i] = hotIndex(this.nvec[i], values, offset);
      offset += this.nvec[i];
    }
    return value;
  }
}

/**
 * Several discrete choices at once, as an `Int32Array`: number i is in [0, nvec[i] − 1].
 *
 * @throws DqnError `invalid-space` if `nvec` is empty, `invalid-option` unless each n is a whole number in [1, 2³¹ − 1].
 */
export function multiDiscrete(nvec: readonly number[]): MultiDiscreteSpace {
  if (!Array.isArray(nvec) || nvec.length === 0) {
    throw new DqnError({
      code: 'invalid-space',
      where: 'multiDiscrete(nvec)',
      expected: 'an array of at least one number',
      received: describe(nvec),
      remedy: 'Pass the number of values of each choice, such as [3, 2].',
    });
  }
  return new MultiDiscreteSpace(nvec.map((n, i) => checkInteger(`multiDiscrete(nvec[${i}])`, n, { min: 1, max: 2 ** 31 - 1 })));
}
