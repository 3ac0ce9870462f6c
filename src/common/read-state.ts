import { DqnError, describe } from './errors.ts';
import type { State } from './state.ts';

/** The fields of a saved object, still to be checked one by one. */
export type StateFields = Readonly<Record<string, unknown>>;

/** An `invalid-checkpoint` error: the saved state itself is not sound. */
export function damagedState(where: string, expected: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-checkpoint',
    where,
    expected,
    received: describe(received),
    remedy: 'Load a state that getState() of the same kind of part gave; nothing was changed.',
  });
}

/** An `incompatible-checkpoint` error: the saved state is sound and belongs to a part built with other options. */
export function incompatibleState(where: string, expected: unknown, received: unknown): DqnError {
  const shown =
    typeof expected === 'string' && typeof received === 'string' ? fromDifference(expected, received) : [expected, received];
  return new DqnError({
    code: 'incompatible-checkpoint',
    where,
    expected: describe(shown[0]),
    received: describe(shown[1]),
    remedy: 'Build the part with the options it was saved with; nothing was changed.',
  });
}

/** Both from a little before where they begin to differ: the specs of networks are longer than a message, and begin alike. */
function fromDifference(...texts: [string, string]): string[] {
  const [a, b] = texts.map((text) => text.replaceAll('"', ''));
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return [a, b].map((text) => (at > 20 ? `…${text.slice(at - 20)}` : text));
}

/** The state as an object. @throws DqnError `invalid-checkpoint` if it is none. */
export function readFields(where: string, state: unknown): StateFields {
  if (typeof state !== 'object' || state === null || Array.isArray(state) || ArrayBuffer.isView(state)) {
    throw damagedState(where, 'an object', state);
  }
  return state as StateFields;
}

/** The field as text. @throws DqnError `invalid-checkpoint` if it is none. */
export function readString(where: string, fields: StateFields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw damagedState(`${where}.${key}`, 'a string', value);
  return value;
}

/** The field as a whole number of at least 0. @throws DqnError `invalid-checkpoint` if it is none. */
export function readCount(where: string, fields: StateFields, key: string): number {
  return readInteger(where, fields, key, 0, Number.MAX_SAFE_INTEGER);
}

/** The field as a list. @throws DqnError `invalid-checkpoint` if it is none. */
export function readList(where: string, fields: StateFields, key: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw damagedState(`${where}.${key}`, 'a list', value);
  return value;
}

/** The field as a whole number in [min, max]. @throws DqnError `invalid-checkpoint` if it is none. */
export function readInteger(where: string, fields: StateFields, key: string, min: number, max: number): number {
  const value = fields[key];
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    throw damagedState(`${where}.${key}`, `a whole number in [${min}, ${max}]`, value);
  }
  return value as number;
}

/**
 * The field as a typed array of the given class and length.
 * @throws DqnError `invalid-checkpoint` if it is none.
 */
export function readArray<T extends { readonly length: number }>(
  where: string,
  fields: StateFields,
  key: string,
  type: { new (length: number): T; readonly name: string },
  length: number,
): T {
  const value = fields[key];
  if (!(value instanceof type) || value.length !== length) throw damagedState(`${where}.${key}`, `${type.name}(${length})`, value);
  return value;
}

/**
 * Refuses a state that was saved with other options.
 * @throws DqnError `incompatible-checkpoint` naming the first option that differs, `invalid-checkpoint` if one is missing.
 */
export function checkSame(where: string, fields: StateFields, options: { readonly [key: string]: State }): void {
  for (const key of Object.keys(options)) {
    if (fields[key] === undefined) throw damagedState(`${where}.${key}`, describe(options[key]), undefined);
    if (fields[key] !== options[key]) throw incompatibleState(`${where}.${key}`, options[key], fields[key]);
  }
}
