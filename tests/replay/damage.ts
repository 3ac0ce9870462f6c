import { expect } from 'vitest';
import { deepEqual } from '../../src/common/deep.ts';
import { DqnError } from '../../src/common/errors.ts';
import type { State, StateArray, Stateful } from '../../src/common/state.ts';
import { type Fields, saved } from './support.ts';

/** Which numbers a field of a saved state may hold, each by itself; those of an array all alike. */
export interface Range {
  readonly min: number;
  readonly max: number;
  /** Whether fractions are refused. */
  readonly whole?: true;
  /** Whether each number of an array has a narrower range of its own. */
  readonly apart?: true;
  /** Whether both ends fit the rest of the state, so that they must be taken and come back out. */
  readonly free?: true;
}

/** A part with a state, and what is known of the fields of that state, by their path without places in lists: `recent.lag`. */
export interface Damageable {
  /** Gives the part, in a state that has something in every field. */
  readonly source: () => Stateful;
  /** Gives another one, in another state. */
  readonly target: () => Stateful;
  /** Fields that tell how the part was built: any other value belongs to another part. */
  readonly options: readonly string[];
  /** Fields of numbers. What is in neither list may hold anything of its kind and length. */
  readonly ranges: { readonly [path: string]: Range };
  /** Fields that may also be null. */
  readonly nullable?: readonly string[];
}

type Path = readonly (string | number)[];

const isArray = (value: unknown): value is StateArray => ArrayBuffer.isView(value);

/** All paths to something inside a state; not to the numbers of typed arrays. */
function pathsIn(state: State, path: Path = []): Path[] {
  if (typeof state !== 'object' || state === null || isArray(state)) return [path];
  const below = Array.isArray(state)
    ? state.flatMap((item: State, i) => pathsIn(item, [...path, i]))
    : Object.entries(state).flatMap(([key, value]) => pathsIn(value, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

const nameOf = (path: Path): string => path.filter((key) => typeof key === 'string').join('.');

const at = (state: State, path: Path): State =>
  path.reduce((found, key) => (found as { readonly [key: string | number]: State })[key], state);

/** The state with something else at the path; what is not on the way there is shared. */
function changed(state: State, [key, ...rest]: Path, value: unknown): State {
  if (key === undefined) return value as State;
  const copy = (Array.isArray(state) ? [...(state as State[])] : { ...(state as Fields) }) as { [key: string | number]: State };
  copy[key] = changed(copy[key], rest, value);
  return copy;
}

const withElement = (array: StateArray, i: number, value: number): StateArray => {
  const copy = array.slice();
  copy[i] = value;
  return copy;
};

function resized(array: StateArray, length: number): StateArray {
  const copy = new (array.constructor as new (length: number) => StateArray)(length);
  copy.set(array.subarray(0, length));
  return copy;
}

/** The number just outside a range, on either side, as an array of this kind holds it. */
function outside({ min, max, whole }: Range, array?: StateArray): number[] {
  const next = (value: number, sign: number) => {
    if (whole) return value + sign;
    const step = Math.max(Math.abs(value) * (array instanceof Float32Array ? 2 ** -20 : 2 ** -50), 2 ** -140);
    return value + sign * step;
  };
  const all = [next(min, -1), next(max, 1), ...(whole && array === undefined ? [min + 0.5] : [])];
  const kept = array?.constructor as (new (values: number[]) => StateArray) | undefined;
  return kept === undefined
    ? all
    : all.filter((value) => new kept([value])[0] === Math.fround(value) || array instanceof Float64Array);
}

/** What no sound state has at a path: nothing, something else, another length, numbers that are none or outside their range. */
function badValues(value: State, name: string, { options, ranges, nullable = [] }: Damageable): unknown[] {
  const range: Range | undefined = ranges[name];
  const kinds: unknown[] = [undefined, 'x', true, ...(nullable.includes(name) ? [] : [null])];
  if (isArray(value)) {
    const other = value instanceof Float64Array ? Float32Array : Float64Array;
    const bad = [...kinds, 3, {}, [...value], other.from(value), resized(value, value.length + 1)];
    if (value.length > 0) bad.push(resized(value, value.length - 1));
    const places = [...new Set([0, value.length >> 1, value.length - 1])].filter((i) => i < value.length && i >= 0);
    const floats = value instanceof Float32Array || value instanceof Float64Array;
    const numbers = [...(floats ? [NaN, Infinity, -Infinity] : []), ...(range ? outside(range, value) : [])];
    return [...bad, ...places.flatMap((i) => numbers.map((number) => withElement(value, i, number)))];
  }
  if (typeof value === 'number') {
    const others = options.includes(name) ? [value + 1, value - 1, value / 2 + 0.1] : [];
    return [...kinds, String(value), {}, [value], NaN, Infinity, ...others, ...(range ? outside(range) : [])];
  }
  if (typeof value === 'string') return [undefined, null, 3, `${value}!`];
  if (typeof value === 'boolean') return [undefined, null, 'x', Number(value), ...(options.includes(name) ? [!value] : [])];
  return [...kinds, 3];
}

/** An error that names a range or a length must name the one there is. */
function expectTruth({ expected }: DqnError, what: string, good: State, range: Range | undefined): void {
  const [, min, max] = /in \[(\S+), (\S+)\]$/.exec(expected) ?? [];
  if (range && min !== undefined) {
    expect(Number(min), what).toBeGreaterThanOrEqual(range.min);
    expect(Number(max), what).toBeLessThanOrEqual(range.max);
    if (!range.apart) expect([Number(min), Number(max)], what).toEqual([range.min, range.max]);
  }
  const [, length] = /Array\((\d+)\)/.exec(expected) ?? [];
  if (isArray(good) && length !== undefined) expect(Number(length), what).toBe(good.length);
}

/** Damages every field of a saved state, one at a time, and expects a clear error and an unchanged part; puts in what the fields may hold as well. */
export function expectDamageRefused(part: Damageable): void {
  const state = saved(part.source());
  const target = part.target();
  const before = saved(target);
  expect(state).not.toEqual(before);
  const damaged = (path: Path, good: State, value: unknown) => {
    let error: unknown;
    try {
      target.setState(changed(state, path, value));
    } catch (thrown) {
      error = thrown;
    }
    const what = `${path.join('.')} = ${isArray(value) ? `${value.constructor.name}(${String(value)})` : String(value)}`;
    expect(error, what).toBeInstanceOf(DqnError);
    const { code, received, where } = error as DqnError;
    const foreign = part.options.includes(nameOf(path)) && value !== undefined;
    expect(code, what).toBe(foreign ? 'incompatible-checkpoint' : 'invalid-checkpoint');
    expect(where, what).not.toBe('');
    expect(received, what).not.toBe('');
    if (!deepEqual(target.getState(), before)) expect(target.getState(), what).toEqual(before); // toEqual is slow, and seldom needed
    expectTruth(error as DqnError, what, good, part.ranges[nameOf(path)]);
  };
  for (const path of pathsIn(state)) {
    const value = at(state, path);
    for (const bad of badValues(value, nameOf(path), part)) damaged(path, value, bad);
  }
  for (const path of pathsIn(state)) {
    const value = at(state, path);
    const range: Range | undefined = part.ranges[nameOf(path)];
    if (!range?.free || !(typeof value === 'number' || isArray(value))) continue;
    for (const end of [range.min, range.max]) {
      const good = changed(state, path, isArray(value) ? withElement(value, value.length - 1, end) : end);
      target.setState(good);
      expect(target.getState(), `${path.join('.')} = ${end}`).toEqual(good);
    }
  }
  target.setState(state);
  expect(target.getState()).toEqual(state);
}
