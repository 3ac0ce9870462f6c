import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkRoom } from './check-room.ts';
import type { Space } from './space.ts';

/** The arrays that boxes keep their numbers in, by dtype. */
export interface BoxElements {
  float32: Float32Array;
  uint8: Uint8Array;
}

/** How a box keeps its numbers. */
export type BoxDtype = keyof BoxElements;

/** An element of a box: a `Float32Array` or a `Uint8Array`, row-major. */
export type BoxElement<D extends BoxDtype> = BoxElements[D];

/** An observation that is a stack of the last k frames of an environment, oldest first. */
export interface Stacking {
  /** k, at least 2. */
  readonly frames: number;
  /** Whether the frames lie within the pixels, as in `[H, W, k]`, and not one behind the other, as in `[k, H, W]`. */
  readonly interleaved: boolean;
}

/** What {@link box} takes. */
export interface BoxOptions<D extends BoxDtype> {
  /** The smallest allowed value, one for all or one a number (row-major); −Infinity where there is none. */
  readonly low: number | ArrayLike<number>;
  /** The largest allowed value, one for all or one a number (row-major); Infinity where there is none. */
  readonly high: number | ArrayLike<number>;
  /** At least 1 in every dimension. Default: `[n]` where `low` or `high` is an array of length n. */
  readonly shape?: readonly number[];
  /** `uint8` for bytes such as pixels. Default `float32`. */
  readonly dtype?: D;
}

const elementArrays: { [D in BoxDtype]: new (length: number) => BoxElements[D] } = { float32: Float32Array, uint8: Uint8Array };

/** Arrays of numbers between bounds; see {@link box}. */
export class BoxSpace<D extends BoxDtype = BoxDtype> implements Space<BoxElement<D>> {
  readonly kind = 'box';
  readonly dtype: D;
  readonly shape: readonly number[];
  /** `shape`, row-major: the smallest allowed values. */
  readonly low: BoxElement<D>;
  /** `shape`, row-major: the largest allowed values. */
  readonly high: BoxElement<D>;
  readonly flatSize: number;
  /** Where its elements are stacks of frames, as `frameStack` makes them: a replay buffer then keeps each frame once. */
  readonly stacking: Stacking | undefined;
  readonly #Element: new (length: number) => BoxElement<D>;

  /** Use {@link box}, which checks its arguments. */
  constructor(dtype: D, shape: readonly number[], low: ArrayLike<number>, high: ArrayLike<number>, stacking?: Stacking) {
    this.dtype = dtype;
    this.shape = shape;
    this.flatSize = low.length;
    this.stacking = stacking;
    this.#Element = elementArrays[dtype];
    this.low = new this.#Element(low.length);
    this.low.set(low);
    this.high = new this.#Element(high.length);
    this.high.set(high);
  }

  /**
   * As Gymnasium, independently for every number: uniform between two bounds, ends included; a bound plus or minus an exponential draw of
   * mean 1 where there is only one; standard normal where there is none.
   */
  sample(random: Random): BoxElement<D> {
    const value = new this.#Element(this.flatSize);
    for (let i = 0; i < value.length; i++) {
      const low = this.low[i];
      const high = this.high[i];
      if (this.dtype === 'uint8') value[i] = low + random.integer(high - low + 1);
      else if (low > -Infinity) value[i] = high < Infinity ? random.uniform(low, high) : low - Math.log(1 - random.float());
      else value[i] = high < Infinity ? high + Math.log(1 - random.float()) : random.normal();
    }
    return value;
  }

  /** Whether the value is an array of the right type and length whose numbers are all finite and within the bounds. */
  contains(value: unknown): value is BoxElement<D> {
    return this.explain(value) === undefined;
  }

  explain(value: unknown): string | undefined {
    const numbers: BoxElement<BoxDtype> | undefined = value instanceof this.#Element ? value : undefined;
    if (numbers === undefined) return `expected a ${this.#Element.name} but received ${describe(value)}`;
    if (numbers.length !== this.flatSize) {
      return `expected ${this.flatSize} numbers for shape [${this.shape.join(', ')}] but received ${numbers.length}`;
    }
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i];
      if (number >= this.low[i] && number <= this.high[i] && number - number === 0) continue;
      return `expected a finite number in [${this.low[i]}, ${this.high[i]}] at index ${i} but received ${number}`;
    }
    return undefined;
  }

  /** Writes the numbers as they are; bytes as 0 … 255. */
  flatten(value: BoxElement<D>, out: Float32Array, offset = 0): void {
    checkRoom('BoxSpace.flatten(out)', out.length, offset, this.flatSize);
    for (let i = 0; i < this.flatSize; i++) out[offset + i] = value[i];
  }

  unflatten(values: Float32Array, offset = 0): BoxElement<D> {
    checkRoom('BoxSpace.unflatten(values)', values.length, offset, this.flatSize);
    const value = new this.#Element(this.flatSize);
    for (let i = 0; i < this.flatSize; i++) value[i] = values[offset + i];
    return value;
  }
}

function checkShape<D extends BoxDtype>({ low, high, shape }: BoxOptions<D>): readonly number[] {
  const array = typeof low === 'number' ? high : low;
  const dimensions: unknown = shape ?? (typeof array === 'object' ? [array.length] : undefined);
  if (!Array.isArray(dimensions)) {
    throw new DqnError({
      code: 'invalid-space',
      where: 'box(shape)',
      expected: 'an array of dimensions',
      received: describe(dimensions),
      remedy: 'Pass shape, such as [4], or low or high as an array.',
    });
  }
  return dimensions.map((size, i) => checkInteger(`box(shape[${i}])`, size, { min: 1 }));
}

function checkBound(name: 'low' | 'high', bound: number | ArrayLike<number>, size: number, dtype: BoxDtype): number[] {
  const numbers = typeof bound === 'number' ? Array.from({ length: size }, () => bound) : Array.from(bound ?? []);
  const refuse = (where: string, expected: string, received: string): never => {
    const remedy = dtype === 'uint8' ? 'Give bytes bounds such as 0 and 255.' : 'Use ±Infinity where there is no bound.';
    throw new DqnError({ code: 'invalid-space', where, expected, received, remedy });
  };
  if (numbers.length !== size) refuse(`box(${name})`, `one number, or ${size} for this shape`, describe(bound));
  const impossible = name === 'low' ? Infinity : -Infinity;
  numbers.forEach((number, i) => {
    const where = typeof bound === 'number' ? `box(${name})` : `box(${name}[${i}])`;
    if (dtype === 'uint8') {
      if (!Number.isInteger(number) || number < 0 || number > 255) refuse(where, 'a whole number in [0, 255]', describe(number));
    } else if (typeof number !== 'number' || Number.isNaN(number) || Math.fround(number) === impossible) {
      refuse(where, `a number other than NaN and ${impossible}`, describe(number));
    }
  });
  return numbers;
}

/**
 * Arrays of `float32` numbers or of bytes, each between a low and a high bound, ends included. A bound may be infinite (float32 only),
 * an element never is. Bounds are rounded to float32, as the elements are.
 *
 * @example `box({ low: -1, high: 1, shape: [3] })`, `box({ low: 0, high: 255, shape: [84, 84], dtype: 'uint8' })`,
 * `box({ low: [-4.8, -Infinity], high: [4.8, Infinity] })`
 * @throws DqnError `invalid-space` if bounds are NaN, crossed, of the wrong number or, for bytes, not whole numbers in [0, 255];
 * `invalid-option` if a dimension is not a whole number of at least 1, or a name is misspelt.
 */
export function box<D extends BoxDtype = 'float32'>(options: BoxOptions<D>): BoxSpace<D> {
  checkNames('box(options)', options, { low: true, high: true, shape: true, dtype: true });
  // D is 'float32' where dtype is left out, unless the caller wrote another type argument by hand.
  const dtype = options.dtype ?? ('float32' as D);
  if (!Object.hasOwn(elementArrays, dtype)) {
    throw new DqnError({
      code: 'invalid-space',
      where: 'box(dtype)',
      expected: "'float32' or 'uint8'",
      received: describe(dtype),
      remedy: "Use 'uint8' for bytes and 'float32' for all else.",
    });
  }
  const shape = checkShape(options);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const space = new BoxSpace(
    dtype,
    shape,
    checkBound('low', options.low, size, dtype),
    checkBound('high', options.high, size, dtype),
  );
  for (let i = 0; i < size; i++) {
    if (space.low[i] <= space.high[i]) continue;
    throw new DqnError({
      code: 'invalid-space',
      where: `box(low, high) at index ${i}`,
      expected: 'low to be at most high',
      received: `${space.low[i]} and ${space.high[i]}`,
      remedy: 'Swap or correct the bounds.',
    });
  }
  return space;
}

/** Whether a space is a box, of whatever dtype. */
export function isBox(space: Space): space is BoxSpace {
  return space.kind === 'box';
}
