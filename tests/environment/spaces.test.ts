import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepEqual } from '../../src/common/deep.ts';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import {
  type Space,
  box,
  dict,
  discrete,
  explainMismatch,
  flattenSpace,
  isBox,
  isDiscrete,
  multiBinary,
  multiDiscrete,
  tuple,
} from '../../src/environment/spaces.ts';

const boundArb = fc.oneof(fc.constant(Infinity), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
const boxArb: fc.Arbitrary<Space> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }), boundArb, boundArb)
  .map(([shape, a, b]) => {
    const [low, high] = a === Infinity || b === Infinity ? [a === Infinity ? -Infinity : a, b] : [Math.min(a, b), Math.max(a, b)];
    return box({ low, high, shape });
  });
const bytesArb: fc.Arbitrary<Space> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }))
  .map(([n, a, b]) => box({ low: Math.min(a, b), high: Math.max(a, b), shape: [n], dtype: 'uint8' }));
const countArb = fc.integer({ min: 1, max: 6 });
const { spaceArb } = fc.letrec<{ spaceArb: Space }>((tie) => ({
  spaceArb: fc.oneof(
    { maxDepth: 2 },
    boxArb,
    bytesArb,
    fc.tuple(countArb, fc.integer({ min: -5, max: 5 })).map(([n, start]) => discrete(n, { start })),
    fc.array(countArb, { minLength: 1, maxLength: 3 }).map(multiDiscrete),
    countArb.map(multiBinary),
    fc
      .dictionary(
        fc.string({ maxLength: 4 }).filter((key) => key !== '__proto__'),
        tie('spaceArb'),
        { minKeys: 1, maxKeys: 3 },
      )
      .map(dict),
    fc.array(tie('spaceArb'), { minLength: 1, maxLength: 3 }).map((spaces) => tuple(spaces)),
  ),
}));

function codeOf(task: () => unknown): string | undefined {
  try {
    task();
    return undefined;
  } catch (error) {
    if (error instanceof DqnError) return error.code;
    throw error;
  }
}

describe('every space', () => {
  it('contains what it samples, and the same seed samples the same', () => {
    fc.assert(
      fc.property(spaceArb, fc.integer(), (space, seed) => {
        const sample = space.sample(new Random(seed));
        expect(explainMismatch(space, sample)).toBeUndefined();
        expect(space.contains(sample)).toBe(true);
        expect(deepEqual(space.sample(new Random(seed)), sample)).toBe(true);
      }),
    );
  });

  it('undoes flatten by unflatten, writes flatSize numbers at the offset, and nothing else', () => {
    fc.assert(
      fc.property(spaceArb, fc.integer(), fc.integer({ min: 0, max: 5 }), (space, seed, offset) => {
        const sample = space.sample(new Random(seed));
        const out = new Float32Array(offset + space.flatSize + 2).fill(NaN);
        space.flatten(sample, out, offset);
        expect(out.every((number, i) => Number.isNaN(number) === (i < offset || i >= offset + space.flatSize))).toBe(true);
        expect(deepEqual(space.unflatten(out, offset), sample)).toBe(true);
      }),
    );
  });

  it('flattens into the box of flattenSpace', () => {
    fc.assert(
      fc.property(spaceArb, fc.integer(), (space, seed) => {
        const flat = flattenSpace(space);
        const out = new Float32Array(space.flatSize);
        space.flatten(space.sample(new Random(seed)), out);
        expect(flat.shape).toEqual([space.flatSize]);
        expect(explainMismatch(flat, out)).toBeUndefined();
      }),
    );
  });

  it('refuses foreign values with a reason, and has a reason exactly when it does not contain', () => {
    fc.assert(
      fc.property(spaceArb, fc.anything({ withTypedArray: true }), (space, value) => {
        expect(explainMismatch(space, value) === undefined).toBe(space.contains(value));
        if (typeof value === 'string' || value === null) expect(space.contains(value)).toBe(false);
      }),
    );
  });

  it('refuses arrays without room, rather than writing past their end', () => {
    fc.assert(
      fc.property(spaceArb, (space) => {
        const sample = space.sample(new Random(0));
        const short = new Float32Array(space.flatSize - 1);
        expect(codeOf(() => space.flatten(sample, short))).toBe('invalid-option');
        expect(codeOf(() => space.unflatten(short))).toBe('invalid-option');
        expect(codeOf(() => space.flatten(sample, new Float32Array(space.flatSize), 1))).toBe('invalid-option');
        expect(codeOf(() => space.flatten(sample, new Float32Array(space.flatSize), -1))).toBe('invalid-option');
      }),
    );
  });

  it('gives a fresh value each time', () => {
    const space = dict({ a: box({ low: 0, high: 1, shape: [1] }), b: multiBinary(1), c: multiDiscrete([2]) });
    const values = new Float32Array(space.flatSize);
    const [one, two] = [space.unflatten(values), space.unflatten(values)];
    expect(one.a).not.toBe(two.a);
    expect(one.b).not.toBe(two.b);
    expect(one.c).not.toBe(two.c);
    expect(one.a.buffer).not.toBe(values.buffer);
  });
});

describe('sampling a box follows Gymnasium', () => {
  const draws = (low: number, high: number): Float32Array => box({ low, high, shape: [20_000] }).sample(new Random(5));
  const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = (values: Float32Array): number => mean(values.map((x) => x ** 2)) - mean(values) ** 2;

  // Tolerances: about five standard errors of 20,000 draws.
  it('uniform between two bounds', () => {
    const values = draws(-1, 3);
    expect(Math.abs(mean(values) - 1)).toBeLessThan(0.05);
    expect(Math.abs(variance(values) - 16 / 12)).toBeLessThan(0.05);
    expect(Math.min(...values)).toBeLessThan(-0.99);
    expect(Math.max(...values)).toBeGreaterThan(2.99);
  });

  it.each([
    ['above a lower bound', 2, Infinity, 1],
    ['below an upper bound', -Infinity, 2, -1],
  ])('exponential %s', (_, low, high, sign) => {
    const values = draws(low, high).map((x) => (x - 2) * sign);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.abs(mean(values) - 1)).toBeLessThan(0.04);
    expect(Math.abs(variance(values) - 1)).toBeLessThan(0.12);
  });

  it('standard normal without bounds', () => {
    const values = draws(-Infinity, Infinity);
    expect(Math.abs(mean(values))).toBeLessThan(0.04);
    expect(Math.abs(variance(values) - 1)).toBeLessThan(0.05);
  });

  it('bytes uniformly, both bounds included', () => {
    const values = box({ low: 3, high: 6, shape: [20_000], dtype: 'uint8' }).sample(new Random(5));
    for (const byte of [3, 4, 5, 6]) expect(Math.abs(values.filter((x) => x === byte).length - 5000)).toBeLessThan(310);
  });

  it('each number by its own bounds', () => {
    const value = box({ low: [0, 10], high: [1, 11] }).sample(new Random(1));
    expect(value[0] <= 1 && value[1] >= 10).toBe(true);
  });
});

describe('hand-computed flattening', () => {
  it.each<[string, Space, unknown, number[]]>([
    ['discrete', discrete(3, { start: 5 }), 6, [0, 1, 0]],
    ['multiDiscrete', multiDiscrete([2, 3]), Int32Array.of(1, 0), [0, 1, 1, 0, 0]],
    ['multiBinary', multiBinary(3), Uint8Array.of(1, 0, 1), [1, 0, 1]],
    ['bytes', box({ low: 0, high: 255, shape: [2], dtype: 'uint8' }), Uint8Array.of(0, 255), [0, 255]],
    ['tuple', tuple([discrete(2), box({ low: 0, high: 9, shape: [1, 2] })]), [1, Float32Array.of(7, 8)], [0, 1, 7, 8]],
    [
      'dict in order of declaration',
      dict({ z: discrete(2), a: box({ low: 0, high: 9, shape: [] }) }),
      { a: Float32Array.of(4), z: 0 },
      [1, 0, 4],
    ],
  ])('%s', (_, space, value, expected) => {
    const out = new Float32Array(space.flatSize);
    space.flatten(value, out);
    expect(Array.from(out)).toEqual(expected);
  });
});

describe('explainMismatch', () => {
  const pair = box({ low: -1, high: 1, shape: [2] });
  it.each<[Space, unknown, string]>([
    [pair, [0, 0], 'expected a Float32Array but received an array of length 2'],
    [pair, Uint8Array.of(0, 0), 'expected a Float32Array but received Uint8Array(2)'],
    [box({ low: 0, high: 1, shape: [2, 2] }), new Float32Array(3), 'expected 4 numbers for shape [2, 2] but received 3'],
    [pair, Float32Array.of(0, NaN), 'expected a finite number in [-1, 1] at index 1 but received NaN'],
    [pair, Float32Array.of(2, 0), 'expected a finite number in [-1, 1] at index 0 but received 2'],
    [
      box({ low: -Infinity, high: Infinity, shape: [1] }),
      Float32Array.of(Infinity),
      'expected a finite number in [-Infinity, Infinity] at index 0 but received Infinity',
    ],
    [discrete(3, { start: 2 }), 5, 'expected a whole number in [2, 4] but received 5'],
    [discrete(3), 0.5, 'expected a whole number in [0, 2] but received 0.5'],
    [discrete(3), '1', 'expected a whole number in [0, 2] but received "1"'],
    [multiDiscrete([2, 3]), Int32Array.of(1), 'expected 2 numbers but received 1'],
    [multiDiscrete([2, 3]), Int32Array.of(1, 3), 'expected a whole number in [0, 2] at index 1 but received 3'],
    [multiDiscrete([2]), Int32Array.of(-1), 'expected a whole number in [0, 1] at index 0 but received -1'],
    [multiBinary(2), Uint8Array.of(0, 2), 'expected 0 or 1 at index 1 but received 2'],
    [multiBinary(2), new Uint8Array(3), 'expected 2 numbers but received 3'],
    [dict({ a: pair }), { b: 1 }, 'expected an object with keys a but received an object with keys b'],
    [dict({ a: discrete(2) }), { a: 1, b: 1 }, 'expected keys a alone but received "b" as well'],
    [dict({ a: tuple([discrete(2)]) }), { a: [3] }, 'in "a": in part 0: expected a whole number in [0, 1] but received 3'],
    [tuple([discrete(2)]), [1, 1], 'expected an array of length 1 but received an array of length 2'],
  ])('%o, %o', (space, value, reason) => {
    expect(explainMismatch(space, value)).toBe(reason);
  });

  it('speaks for a space that does not explain itself', () => {
    const even: Space<number> = {
      kind: 'even',
      flatSize: 1,
      sample: () => 2,
      contains: (value): value is number => typeof value === 'number' && value % 2 === 0,
      flatten: (value, out, offset = 0) => void (out[offset] = value),
      unflatten: (values, offset = 0) => values[offset],
    };
    expect(explainMismatch(even, 3)).toBe('expected an element of the even space but received 3');
    expect(explainMismatch(dict({ even }), { even: 2 })).toBeUndefined();
    expect(explainMismatch(dict({ even }), { even: 1 })).toBe('in "even": expected an element of the even space but received 1');
    expect(flattenSpace(even).low[0]).toBe(-Infinity);
  });
});

describe('bounds', () => {
  it('are rounded as the elements are, so that a bound itself is inside', () => {
    const space = box({ low: -0.1, high: 0.1, shape: [1] });
    expect(space.contains(Float32Array.of(0.1))).toBe(true);
    expect(space.contains(Float32Array.of(-0.1))).toBe(true);
    expect(space.contains(Float32Array.of(0.10001))).toBe(false);
  });

  it('give the shape where they are arrays', () => {
    expect(box({ low: [0, 1], high: 2 }).shape).toEqual([2]);
    expect(box({ low: 0, high: [2, 3, 4] }).shape).toEqual([3]);
    expect(box({ low: [0, 1], high: 2, shape: [2, 1] }).shape).toEqual([2, 1]);
  });
});

describe('bad arguments', () => {
  it.each<[string, () => unknown, string]>([
    ['crossed bounds', () => box({ low: 1, high: 0, shape: [1] }), 'invalid-space'],
    ['a NaN bound', () => box({ low: NaN, high: 0, shape: [1] }), 'invalid-space'],
    ['low at infinity', () => box({ low: Infinity, high: Infinity, shape: [1] }), 'invalid-space'],
    ['low that overflows', () => box({ low: 1e300, high: Infinity, shape: [1] }), 'invalid-space'],
    ['high at minus infinity', () => box({ low: -Infinity, high: -Infinity, shape: [1] }), 'invalid-space'],
    ['too few bounds', () => box({ low: [0, 1], high: 2, shape: [3] }), 'invalid-space'],
    ['no bound', () => box({ high: 2, shape: [3] } as never), 'invalid-space'],
    ['no shape', () => box({ low: 0, high: 1 }), 'invalid-space'],
    ['an empty dimension', () => box({ low: 0, high: 1, shape: [2, 0] }), 'invalid-option'],
    ['infinite bytes', () => box({ low: 0, high: Infinity, shape: [1], dtype: 'uint8' }), 'invalid-space'],
    ['fractional bytes', () => box({ low: 0.5, high: 1, shape: [1], dtype: 'uint8' }), 'invalid-space'],
    ['negative bytes', () => box({ low: -1, high: 1, shape: [1], dtype: 'uint8' }), 'invalid-space'],
    ['an unknown dtype', () => box({ low: 0, high: 1, shape: [1], dtype: 'float64' as never }), 'invalid-space'],
    ['no actions', () => discrete(0), 'invalid-option'],
    ['half an action', () => discrete(1.5), 'invalid-option'],
    ['a misspelt start', () => discrete(2, { strat: 1 } as object), 'invalid-option'],
    ['a misspelt dtype', () => box({ low: 0, high: 1, shape: [2], dtpye: 'uint8' } as { low: 0; high: 1 }), 'invalid-option'],
    ['a fractional start', () => discrete(2, { start: 0.5 }), 'invalid-option'],
    ['no choices', () => multiDiscrete([]), 'invalid-space'],
    ['an empty choice', () => multiDiscrete([2, 0]), 'invalid-option'],
    ['no switches', () => multiBinary(0), 'invalid-option'],
    ['an empty dict', () => dict({}), 'invalid-space'],
    ['a dict of numbers', () => dict({ a: 3 as never }), 'invalid-space'],
    ['an empty tuple', () => tuple([]), 'invalid-space'],
    ['a tuple of nothing', () => tuple([null as never]), 'invalid-space'],
  ])('%s', (_, build, code) => {
    expect(codeOf(build)).toBe(code);
  });
});

it('guards tell boxes and discrete spaces', () => {
  expect([isBox(box({ low: 0, high: 1, shape: [1] })), isBox(discrete(2))]).toEqual([true, false]);
  expect([isDiscrete(discrete(2)), isDiscrete(multiDiscrete([2]))]).toEqual([true, false]);
});
