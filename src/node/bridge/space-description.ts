import { describe } from '../../common/errors.ts';
import { type Space, box, dict, discrete, multiBinary, multiDiscrete, tuple } from '../../environment/spaces.ts';
import type {
  BoxSpace,
  DictSpace,
  DiscreteSpace,
  MultiBinarySpace,
  MultiDiscreteSpace,
  TupleSpace,
} from '../../environment/spaces.ts';
import { DqnError } from '../../common/errors.ts';
import { LIMITS, malformed } from './frames.ts';

/** A bound in JSON, which has no infinity. */
type Bound = number | 'Infinity' | '-Infinity';

/** A space as JSON: one of our spaces, bounds equal for all numbers told once. */
export type SpaceDescription =
  | {
      readonly kind: 'box';
      readonly dtype: 'float32' | 'uint8';
      readonly shape: readonly number[];
      readonly low: Bound | readonly Bound[];
      readonly high: Bound | readonly Bound[];
    }
  | { readonly kind: 'discrete'; readonly n: number; readonly start: number }
  | { readonly kind: 'multiDiscrete'; readonly nvec: readonly number[] }
  | { readonly kind: 'multiBinary'; readonly n: number }
  | { readonly kind: 'tuple'; readonly spaces: readonly SpaceDescription[] }
  | { readonly kind: 'dict'; readonly spaces: readonly (readonly [name: string, space: SpaceDescription])[] };

function describeBound(numbers: ArrayLike<number>): Bound | Bound[] {
  const told = Array.from(numbers, (number): Bound =>
    number === Infinity ? 'Infinity' : number === -Infinity ? '-Infinity' : number,
  );
  return told.every((bound) => bound === told[0]) ? told[0] : told;
}

/**
 * A space as JSON.
 * @throws DqnError `invalid-space` if it is of a kind of its own.
 */
export function describeSpace(space: Space): SpaceDescription {
  switch (space.kind) {
    case 'box': {
      const { dtype, shape, low, high } = space as BoxSpace;
      return { kind: 'box', dtype, shape, low: describeBound(low), high: describeBound(high) };
    }
    case 'discrete': {
      const { n, start } = space as DiscreteSpace;
      return { kind: 'discrete', n, start };
    }
    case 'multiDiscrete':
      return { kind: 'multiDiscrete', nvec: (space as MultiDiscreteSpace).nvec };
    case 'multiBinary':
      return { kind: 'multiBinary', n: (space as MultiBinarySpace).n };
    case 'tuple':
      return { kind: 'tuple', spaces: (space as TupleSpace).spaces.map(describeSpace) };
    case 'dict':
      return {
        kind: 'dict',
        spaces: Object.entries((space as DictSpace).spaces).map(([name, part]) => [name, describeSpace(part)]),
      };
    default:
      throw new DqnError({
        code: 'invalid-space',
        where: 'the bridge',
        expected: 'a box, discrete, multiDiscrete, multiBinary, tuple or dict space',
        received: `a space of kind ${describe(space.kind)}`,
        remedy: 'Give the environment one of these spaces.',
      });
  }
}

/**
 * The space of a description that came from the other side.
 * @throws DqnError `worker-failed` if it is none, or too large; `invalid-space` or `invalid-option` if there is no such space.
 */
export function readSpace(description: unknown): { readonly space: Space; readonly description: SpaceDescription } {
  const space = buildSpace(description, 0, { numbers: 0 });
  return { space, description: description as SpaceDescription };
}

/** @param total - how many numbers all parts read so far have. */
function buildSpace(description: unknown, depth: number, total: { numbers: number }): Space {
  const fields = (description ?? {}) as Readonly<Record<string, unknown>>;
  if (depth > LIMITS.depth) throw malformed(`spaces nested at most ${LIMITS.depth} deep`, 'deeper ones');
  switch (fields.kind) {
    case 'box': {
      const { dtype, shape, low, high } = fields;
      if (dtype !== 'float32' && dtype !== 'uint8') throw malformed('a box of float32 or uint8', describe(dtype));
      if (!isList(shape, isCount) || shape.length > 32) throw malformed('the dimensions of a box', describe(shape));
      const numbers = shape.reduce((product, size) => product * size, 1);
      count(total, numbers);
      return box({ dtype, shape, low: readBound(low, numbers), high: readBound(high, numbers) });
    }
    case 'discrete':
      count(total, 1);
      if (!Number.isSafeInteger(fields.n) || !Number.isSafeInteger(fields.start)) throw malformed('n and start', describe(fields));
      return discrete(fields.n as number, { start: fields.start as number });
    case 'multiDiscrete':
      if (!isList(fields.nvec, isCount)) throw malformed('a list of numbers of values', describe(fields.nvec));
      count(total, fields.nvec.length);
      return multiDiscrete(fields.nvec);
    case 'multiBinary':
      if (!isCount(fields.n)) throw malformed('a number of switches', describe(fields.n));
      count(total, fields.n);
      return multiBinary(fields.n);
    case 'tuple':
      if (!isList(fields.spaces, () => true)) throw malformed('a list of spaces', describe(fields.spaces));
      return tuple(fields.spaces.map((part) => buildSpace(part, depth + 1, total)));
    case 'dict': {
      const { spaces } = fields;
      if (!isList(spaces, isNamed)) throw malformed('a list of names and spaces', describe(spaces));
      if (new Set(spaces.map(([name]) => name)).size < spaces.length) throw malformed('each name once', 'a name twice');
      return dict(Object.fromEntries(spaces.map(([name, part]) => [name, buildSpace(part, depth + 1, total)])));
    }
    default:
      throw malformed('the description of a space', describe(description));
  }
}

function count(total: { numbers: number }, more: number): void {
  total.numbers += more;
  if (!(total.numbers <= LIMITS.numbers)) throw malformed(`a space of at most ${LIMITS.numbers} numbers`, 'a larger one');
}

function readBound(bound: unknown, size: number): number | number[] {
  if (isList(bound, (one) => typeof one === 'number' || typeof one === 'string')) {
    if (bound.length !== size) throw malformed(`${size} bounds`, `${bound.length}`);
    return bound.map(readNumber);
  }
  return readNumber(bound);
}

function readNumber(bound: unknown): number {
  if (bound === 'Infinity') return Infinity;
  if (bound === '-Infinity') return -Infinity;
  if (typeof bound !== 'number') throw malformed('a bound', describe(bound));
  return bound;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isNamed(value: unknown): value is readonly [string, unknown] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

function isList<T>(value: unknown, isElement: (element: unknown) => element is T): value is readonly T[];
function isList(value: unknown, isElement: (element: unknown) => boolean): value is readonly unknown[];
function isList(value: unknown, isElement: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isElement);
}
