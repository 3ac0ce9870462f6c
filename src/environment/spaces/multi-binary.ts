import { checkInteger } from '../../common/check.ts';
import { describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkRoom } from './check-room.ts';
import type { Space } from './space.ts';

/** Switches that are on or off; see {@link multiBinary}. */
export class MultiBinarySpace implements Space<Uint8Array> {
  readonly kind = 'multiBinary';
  /** How many switches there are. */
  readonly n: number;
  readonly flatSize: number;

  /** Use {@link multiBinary}, which checks its argument. */
  constructor(n: number) {
    this.n = n;
    this.flatSize = n;
  }

  /** Independent fair coins. */
  sample(random: Random): Uint8Array {
    const value = new Uint8Array(this.n);
    for (let i = 0; i < this.n; i++) value[i] = random.integer(2);
    return value;
  }

  contains(value: unknown): value is Uint8Array {
    return this.explain(value) === undefined;
  }

  explain(value: unknown): string | undefined {
    if (!(value instanceof Uint8Array)) return `expected a Uint8Array but received ${describe(value)}`;
    if (value.length !== this.n) return `expected ${this.n} numbers but received ${value.length}`;
    const wrong = value.findIndex((bit) => bit > 1);
    return wrong === -1 ? undefined : `expected 0 or 1 at index ${wrong} but received ${value[wrong]}`;
  }

  flatten(value: Uint8Array, out: Float32Array, offset = 0): void {
    checkRoom('MultiBinarySpace.flatten(out)', out.length, offset, this.n);
    for (let i = 0; i < this.n; i++) out[offset + i] = value[i];
  }

  unflatten(values: Float32Array, offset = 0): Uint8Array {
    checkRoom('MultiBinarySpace.unflatten(values)', values.length, offset, this.n);
    return Uint8Array.from(values.subarray(offset, offset + this.n));
  }
}

/**
 * `n` switches, as a `Uint8Array` of zeros and ones.
 *
 * @throws DqnError `invalid-option` unless `n` is a whole number of at least 1.
 */
export function multiBinary(n: number): MultiBinarySpace {
  return new MultiBinarySpace(checkInteger('multiBinary(n)', n, { min: 1, max: 2 ** 31 - 1 }));
}
