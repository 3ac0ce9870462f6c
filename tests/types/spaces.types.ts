// Compiled, never run: what the types of spaces, wrappers and vectors must and must not allow.
import { box, discrete, type BoxSpace, type Environment, type Infer, type Space } from '@scope/dqn';
import {
  dict,
  flattenObservation,
  frameStack,
  multiBinary,
  multiDiscrete,
  normalizeObservation,
  timeLimit,
  tuple,
  vectorize,
} from '@scope/dqn/environments';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function assertType<T extends true>(): T | undefined {
  return undefined;
}

const floats = box({ low: -1, high: 1, shape: [3] });
const bytes = box({ low: 0, high: 255, shape: [2, 2], dtype: 'uint8' });
const named = dict({ a: discrete(3), b: box({ low: 0, high: 1, shape: [2] }), c: dict({ d: multiBinary(2) }) });
const pair = tuple([discrete(3), bytes, multiDiscrete([2, 3])]);

assertType<Equal<Infer<typeof floats>, Float32Array>>();
assertType<Equal<Infer<typeof bytes>, Uint8Array>>();
assertType<Equal<Infer<ReturnType<typeof discrete>>, number>>();
assertType<Equal<Infer<typeof named>, { a: number; b: Float32Array; c: { d: Uint8Array } }>>();
assertType<Equal<Infer<typeof pair>, [number, Uint8Array, Int32Array]>>();
assertType<Equal<Infer<Space<string>>, string>>();
assertType<Equal<Infer<number>, never>>();
assertType<Equal<typeof floats, BoxSpace<'float32'>>>();
assertType<Equal<typeof floats.kind, 'box'>>();
assertType<Equal<typeof floats.low, Float32Array>>();
assertType<Equal<typeof bytes.dtype, 'uint8'>>();
assertType<Equal<typeof named.spaces.a.n, number>>();

const value: unknown = 1;
if (named.contains(value)) assertType<Equal<typeof value.a, number>>();

// @ts-expect-error: no such dtype
box({ low: 0, high: 1, shape: [1], dtype: 'float64' });
// @ts-expect-error: no upper bound
box({ low: 0, shape: [1] });
// @ts-expect-error: a number is not a space
dict({ a: 3 });
// @ts-expect-error: a space is not a tuple of spaces
tuple(discrete(3));
// @ts-expect-error: not an array
multiDiscrete(3);
// @ts-expect-error: an array is not an element of a discrete space
discrete(3).flatten(new Float32Array(3), new Float32Array(3));
// @ts-expect-error: bounds do not change
floats.low = new Float32Array(3);

declare const game: Environment<Uint8Array, number>;
declare const composite: Environment<Infer<typeof named>, number>;

assertType<Equal<ReturnType<typeof timeLimit<Uint8Array, number>>, Environment<Uint8Array, number>>>();
const stacked = frameStack(game, 4);
assertType<Equal<typeof stacked, Environment<Uint8Array, number>>>();
const flat = flattenObservation(composite);
assertType<Equal<typeof flat, Environment<Float32Array, number>>>();
const normalized = normalizeObservation(game);
assertType<Equal<typeof normalized.observationSpace, Space<Float32Array>>>();
normalized.normalization.frozen = true;
// @ts-expect-error: dict observations cannot be stacked
frameStack(composite, 4);
// @ts-expect-error: nor normalised
normalizeObservation(composite);
// @ts-expect-error: a limit is a number
timeLimit(game, '100');

const vector = vectorize(() => game, 2);
assertType<Equal<Parameters<typeof vector.step>[0], readonly number[]>>();
const result = await vector.step([0, 1]);
assertType<Equal<typeof result.observations, Uint8Array[]>>();
assertType<Equal<typeof result.finalObservations, (Uint8Array | undefined)[]>>();
vectorize([() => game, () => game], { autoreset: 'next-step' });
// @ts-expect-error: no such mode
vectorize(() => game, 2, { autoreset: 'sometimes' });
// @ts-expect-error: one factory needs a size
vectorize(() => game);
// @ts-expect-error: actions are numbers here
void vector.step(['left', 'right']);
