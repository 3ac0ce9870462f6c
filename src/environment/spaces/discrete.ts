import { checkInteger, checkRest } from '../../common/check.ts';
import { describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkRoom } from './check-room.ts';
import { hot, hotIndex } from './one-hot.ts';
import type { Space } from './space.ts';

/** What {@link discrete} may be told. */
export interface DiscreteOptions {
  /** The smallest element, a whole number. Default 0. */
  readonly start?: number;
}

/** The whole numbers `start`, …, `start + n − 1`; see {@link discrete}. */
export class DiscreteSpace implements Space<number> {
  readonly kind = 'discrete';
  /** How many elements there are. */
  readonly n: number;
  /** The smallest element. */
  readonly start: number;
  /** `n`: elements are flattened one-hot. */
  readonly flatSize: number;

  /** Use {@link discrete}, which checks its arguments. */
  constructor(n: number, start: number) {
    this.n = n;
    this.start = start;
    this.flatSize = n;
  }

  /** Every element is equally likely. */
  sample(random: Random): number {
    return this.start + random.integer(this.n);
  }

  contains(value: unknown): value is number {
    return Number.isInteger(value) && (value as number) >= this.start && (value as number) < this.start + this.n;
  }

  explain(value: unknown): string | undefined {
    if (this.contains(value)) return undefined;
    return `expected a whole number in [${this.start}, ${this.start + this.n - 1}] but received ${describe(value)}`;
  }

  /** Writes `n` numbers: 1 at index `value − start`, 0 elsewhere. */
  flatten(value: number, out: Float32Array, offset = 0): void {
    checkRoom('DiscreteSpace.flatten(out)', out.length, offset, this.n);
    hot(value - this.start, this.n, out, offset);
  }

  /** The element whose number is largest; the first of equals. */
  unflatten(values: Float32Array, offset = 0): number {
    checkRoom('DiscreteSpace.unflatten(values)', values.length, offset, this.n);
    return this.start + hotIndex(this.n, values, offset);
  }
}

/**
 * The `n` whole numbers `start`, …, `start + n − 1`. Action masks, one-hot vectors and Q-values have the element `a` at index `a − start`.
 *
 * @throws DqnError `invalid-option` unless `n` is a whole number in [1, 2³¹ − 1] and `start` one in ±2³¹, or if its name is misspelt.
 */
export function discrete(n: number, { start = 0, ...unknown }: DiscreteOptions = {}): DiscreteSpace {
  checkRest('discrete(options)', unknown);
  return new DiscreteSpace(
    checkInteger('discrete(n)', n, { min: 1, max: 2 ** 31 - 1 }),
    checkInteger('discrete(start)', start, { min: -(2 ** 31), max: 2 ** 31 }),
  );
}

/** Whether a space is discrete. */
export function isDiscrete(space: Space): space is DiscreteSpace {
  return space.kind === 'discrete';
}
