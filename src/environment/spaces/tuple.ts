import { describe } from '../../common/errors.ts';
import type { Random } from '../../common/random.ts';
import { checkSpaces } from './check-spaces.ts';
import { explainMismatch } from './explain-mismatch.ts';
import type { Infer, Space } from './space.ts';

/** An element of a tuple space: an array with one element of each part. */
export type TupleElement<S extends readonly Space[]> = { -readonly [K in keyof S]: Infer<S[K]> };

/** Arrays with a fixed sequence of parts; see {@link tuple}. */
export class TupleSpace<S extends readonly Space[] = readonly Space[]> implements Space<TupleElement<S>> {
  readonly kind = 'tuple';
  /** The spaces of the parts. */
  readonly spaces: S;
  /** The sum of the parts' sizes. */
  readonly flatSize: number;

  /** Use {@link tuple}, which checks its argument. */
  constructor(spaces: S) {
    this.spaces = spaces;
    this.flatSize = spaces.reduce((sum, space) => sum + space.flatSize, 0);
  }

  #build(part: (space: Space) => unknown): TupleElement<S> {
    return this.spaces.map(part) as TupleElement<S>;
  }

  /** The parts are drawn independently, in order. */
  sample(random: Random): TupleElement<S> {
    return this.#build((space) => space.sample(random));
  }

  contains(value: unknown): value is TupleElement<S> {
    return this.explain(value) === undefined;
  }

  explain(value: unknown): string | undefined {
    if (!Array.isArray(value) || value.length !== this.spaces.length) {
      return `expected an array of length ${this.spaces.length} but received ${describe(value)}`;
    }
    for (let i = 0; i < value.length; i++) {
      const reason = explainMismatch(this.spaces[i], value[i]);
      if (reason !== undefined) return `in part ${i}: ${reason}`;
    }
    return undefined;
  }

  /** Writes the parts one after the other. */
  flatten(value: TupleElement<S>, out: Float32Array, offset = 0): void {
    for (let i = 0; i < this.spaces.length; i++) {
      this.spaces[i].flatten(value[i], out, offset);
      offset += this.spaces[i].flatSize;
    }
  }

  unflatten(values: Float32Array, offset = 0): TupleElement<S> {
    return this.#build((space) => {
      const part = space.unflatten(values, offset);
      offset += space.flatSize;
      return part;
    });
  }
}

/**
 * Arrays with a fixed sequence of parts, each from its own space: `tuple([discrete(3), box(…)])` holds `[number, Float32Array]`.
 *
 * @throws DqnError `invalid-space` if there are no parts, or one is not a space.
 */
export function tuple<const S extends readonly Space[]>(spaces: S): TupleSpace<S> {
  checkSpaces(
    'tuple(spaces)',
    spaces.map((space, i) => [`part ${i}`, space]),
  );
  return new TupleSpace(spaces);
}
