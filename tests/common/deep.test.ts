import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual } from '../../src/common/deep.ts';

const dataArb = fc.anything({
  withTypedArray: true,
  withObjectString: false,
  values: [fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.constant(-0)],
});

describe('deepEqual', () => {
  it.each([
    [1, 1, true],
    [NaN, NaN, true],
    [0, -0, false],
    [[1, [2]], [1, [2]], true],
    [[1, 2], [1], false],
    [[1], Float32Array.of(1), false],
    [Float32Array.of(1), Float64Array.of(1), false],
    [Float32Array.of(NaN), Float32Array.of(NaN), true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, false],
    [{ a: undefined }, { b: undefined }, false],
    [null, {}, false],
    [{}, [], false],
    [(): number => 1, (): number => 2, true],
  ])('%j and %j: %j', (a, b, equal) => {
    expect(deepEqual(a, b)).toBe(equal);
    expect(deepEqual(b, a)).toBe(equal);
  });
});

describe('deepCopy', () => {
  it('gives an equal value', () => {
    fc.assert(fc.property(dataArb, (value) => deepEqual(deepCopy(value), value)));
  });

  it('shares nothing that can change', () => {
    const original = { list: [Float32Array.of(1), { b: [2] }] as [Float32Array, { b: number[] }] };
    const copy = deepCopy(original);
    original.list[0][0] = 9;
    original.list[1].b.push(9);
    expect(copy).toEqual({ list: [Float32Array.of(1), { b: [2] }] });
  });
});
