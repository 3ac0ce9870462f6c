import type { Random } from '../../common/random.ts';

/** The set of values that an observation or action may take, and how they become numbers. */
export interface Space<T = unknown> {
  /** Which space it is. */
  readonly kind: string;
  /** How many numbers {@link Space.flatten} writes. */
  readonly flatSize: number;
  /** A random element, drawn from the given stream. */
  sample(random: Random): T;
  /** Whether a value belongs to the space: type, shape and range. */
  contains(value: unknown): value is T;
  /** Writes the value as `flatSize` numbers at `offset`: one-hot for discrete values, concatenated for composite ones. */
  flatten(value: T, out: Float32Array, offset?: number): void;
  /** The inverse of {@link Space.flatten}. */
  unflatten(values: Float32Array, offset?: number): T;
  /** Why a value is not in the space, as `expected … but received …`; nothing where it is. See {@link explainMismatch}. */
  explain?(value: unknown): string | undefined;
}

/** The type of a space's elements: `Infer<typeof space>`. */
export type Infer<S> = S extends Space<infer T> ? T : never;
