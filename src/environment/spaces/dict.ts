import { describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkSpaces } from './check-spaces.ts';
import { explainMismatch } from './explain-mismatch.ts';
import type { Infer, Space } from './space.ts';

/** Spaces by name. */
export type SpaceRecord = Readonly<Record<string, Space>>;

/** An element of a dict space: an object with one element of each part. */
export type DictElement<S extends SpaceRecord> = { -readonly [K in keyof S]: Infer<S[K]> };

/** Objects with named parts; see {@link dict}. */
export class DictSpace<S extends SpaceRecord = SpaceRecord> implements Space<DictElement<S>> {
  readonly kind = 'dict';
  /** The spaces of the parts. */
  readonly spaces: S;
  /** The sum of the parts' sizes. */
  readonly flatSize: number;
  readonly #keys: string;
  readonly #parts: readonly (readonly [name: string, space: Space])[];

  /** Use {@link dict}, which checks its argument. */
  constructor(spaces: S) {
    this.spaces = spaces;
    this.#keys = Object.keys(spaces).join(', ');
    this.#parts = Object.entries(spaces);
    this.flatSize = this.#parts.reduce((sum, [, space]) => sum + space.flatSize, 0);
  }

  #build(part: (space: Space) => unknown): DictElement<S> {
    return Object.fromEntries(this.#parts.map(([name, space]) => [name, part(space)])) as DictElement<S>;
  }

  /** The parts are drawn independently, in the order of their declaration. */
  sample(random: Random): DictElement<S> {
    return this.#build((space) => space.sample(random));
  }

  /** Whether the value is an object with these parts, each in its space, and no others. */
  contains(value: unknown): value is DictElement<S> {
    return this.explain(value) === undefined;
  }

  explain(value: unknown): string | undefined {
    if (typeof value !== 'object' || value === null || !this.#parts.every(([name]) => Object.hasOwn(value, name))) {
      return `expected an object with keys ${this.#keys} but received ${describe(value)}`;
    }
    const more = Object.keys(value).find((name) => !Object.hasOwn(this.spaces, name));
    if (more !== undefined) return `expected keys ${this.#keys} alone but received ${JSON.stringify(more)} as well`;
    for (const [name, space] of this.#parts) {
      const reason = explainMismatch(space, (value as Record<string, unknown>)[name]);
      if (reason !== undefined) return `in ${JSON.stringify(name)}: ${reason}`;
    }
    return undefined;
  }

  /** Writes the parts one after the other, in the order of their declaration. */
  flatten(value: DictElement<S>, out: Float32Array, offset = 0): void {
    for (const [name, space] of this.#parts) {
      space.flatten(value[name], out, offset);
      offset += space.flatSize;
    }
  }

  unflatten(values: Float32Array, offset = 0): DictElement<S> {
    return this.#build((space) => {
      const part = space.unflatten(values, offset);
      offset += space.flatSize;
      return part;
    });
  }
}

/**
 * Objects with named parts, each from its own space: `dict({ a: discrete(3), b: box(…) })` holds `{ a: number; b: Float32Array }`.
 *
 * @throws DqnError `invalid-space` if there are no parts, or one is not a space.
 */
export function dict<S extends SpaceRecord>(spaces: S): DictSpace<S> {
  checkSpaces('dict(spaces)', Object.entries(spaces));
  return new DictSpace({ ...spaces });
}
