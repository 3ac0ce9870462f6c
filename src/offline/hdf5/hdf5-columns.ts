import { DqnError, describe } from '../../common/errors.ts';
import type { Hdf5Group } from './hdf5-package.ts';

/** Numbers as a file holds them. */
export interface ReadColumn {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** Reads the columns of a group, and names the path of what is wrong. */
export class ColumnReader {
  readonly #group: Hdf5Group;
  readonly #path: string;

  constructor(group: Hdf5Group, path: string) {
    this.#group = group;
    this.#path = path;
  }

  /** Whether the group has it. */
  has(name: string): boolean {
    return this.#group.keys().includes(name);
  }

  /** Numbers of any shape. */
  numbers(name: string): ReadColumn {
    if (!this.has(name)) this.refuse(name, 'this dataset', 'none');
    const found = this.#group.get(name) as { readonly shape?: unknown; readonly value?: unknown };
    const { shape } = found;
    // A group, as of observations in parts, has none.
    if (!Array.isArray(shape)) this.refuse(name, 'a dataset of numbers', 'a group or something else without a shape');
    const { value } = found;
    const values = value instanceof BigInt64Array || value instanceof BigUint64Array ? Array.from(value, Number) : value;
    if (!ArrayBuffer.isView(values) && !Array.isArray(values)) this.refuse(name, 'a dataset of numbers', describe(values));
    return { shape: shape as number[], values: values as ArrayLike<number> };
  }

  /** `rows` numbers, alone or each in a row of its own, that pass. */
  column(name: string, rows: number, expected: string, passes: (value: number) => boolean): ArrayLike<number> {
    const { shape, values } = this.numbers(name);
    if (values.length !== rows || shape[0] !== rows) this.refuse(name, `${rows} numbers`, `a shape of [${shape.join(', ')}]`);
    this.check(name, values, expected, passes);
    return values;
  }

  /** Observations that go with others, which are bytes or not. */
  checkObservations(name: string, values: ArrayLike<number>, bytes: boolean): void {
    // Bytes are what either kind takes, and they are many.
    if (values instanceof Uint8Array) return;
    if (bytes) this.check(name, values, 'a whole number in [0, 255], as the observations before are bytes', isByte);
    else this.check(name, values, 'a finite number', isFloat);
  }

  check(name: string, values: ArrayLike<number>, expected: string, passes: (value: number) => boolean): void {
    for (let i = 0; i < values.length; i++) if (!passes(values[i])) this.refuse(`${name}[${i}]`, expected, describe(values[i]));
  }

  refuse(name: string, expected: string, received: string): never {
    throw invalidFile(`${this.#path}/${name}`, expected, received);
  }
}

/** Writes a dataset of numbers into a group. */
export function writeColumn(group: Hdf5Group, name: string, column: Float32Array | Uint8Array | Int32Array, shape: number[]): void {
  // A copy without gaps; and a plain array, as the package takes no Buffer.
  const data = column instanceof Uint8Array ? Uint8Array.from(column) : column.slice();
  group.create_dataset({ name, data, shape });
}

/** The error of a file that is wrong at a path. */
export function invalidFile(path: string, expected: string, received: string, cause?: unknown): DqnError {
  return new DqnError({
    code: 'invalid-dataset',
    where: `decodeHdf5(${path})`,
    expected,
    received,
    remedy: 'Mend the file; docs/offline.md says what it must hold.',
    cause,
  });
}

/** Whether it fits a float32. */
export function isFloat(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** Whether it fits a byte. */
function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

/** Whether it is 0 or 1. */
export function isFlag(value: number): boolean {
  return value === 0 || value === 1;
}
