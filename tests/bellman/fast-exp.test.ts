import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fastExp, fastXLogX, largest, shiftedExp } from '../../src/bellman/fast-exp.ts';
import { guarded } from '../support/guarded.ts';

describe('fastExp', () => {
  it('is within 1e-8 of Math.exp, relatively, from 0 down to where float32 ends', () => {
    let worst = 0;
    for (let x = 0; x > -88; x -= 1 / 4099) worst = Math.max(worst, Math.abs(fastExp(x) / Math.exp(x) - 1));
    expect(worst).toBeLessThan(1e-8);
    fc.assert(
      fc.property(fc.double({ min: -88, max: 0, noNaN: true }), (x) => {
        expect(Math.abs(fastExp(x) / Math.exp(x) - 1)).toBeLessThan(1e-8);
      }),
    );
  });

  it('is 1 at 0, 0 far below, and NaN for NaN', () => {
    expect([0, -0, -88.8, -1e4, -Infinity, NaN].map(fastExp)).toEqual([1, 1, 0, 0, 0, NaN]);
  });

  it('does not fall as x rises', () => {
    fc.assert(
      fc.property(fc.double({ min: -88, max: 0, noNaN: true }), fc.double({ min: 1e-7, max: 1, noNaN: true }), (x, step) => {
        expect(fastExp(x - step)).toBeLessThan(fastExp(x));
      }),
    );
  });
});

describe('fastXLogX', () => {
  it('is within 1e-10 of x log x for float32 in [0, 1]', () => {
    const check = (x: number): void => {
      const rounded = Math.fround(x);
      expect(Math.abs(fastXLogX(rounded) - (rounded === 0 ? 0 : rounded * Math.log(rounded)))).toBeLessThan(1e-10);
    };
    for (let x = 0; x <= 1; x += 1 / 4096) check(x);
    fc.assert(fc.property(fc.float({ min: 0, max: 1, noNaN: true }), check));
    [1e-45, 1e-38, 1e-30, 0.5, 1].forEach(check);
    expect(Math.abs(fastXLogX(1))).toBeLessThan(1e-10);
    expect(fastXLogX(NaN)).toBe(NaN);
  });
});

const rowArb = fc.array(fc.float({ min: -40, max: 40, noNaN: true }), { minLength: 1, maxLength: 12 });

describe('largest and shiftedExp', () => {
  it('make the softmax and the log-sum-exp of a row amid others', () => {
    fc.assert(
      fc.property(rowArb, fc.nat(3), (row, offset) => {
        const values = guarded(Float32Array.from([...Array<number>(offset).fill(1e3), ...row]));
        const shift = largest(values, offset, row.length);
        expect(shift).toBe(Math.max(...row));
        const out = new Float64Array(row.length).fill(7);
        const total = shiftedExp(values, offset, row.length, shift, guarded(out));
        const naive = row.map((x) => Math.exp(x - shift));
        const naiveTotal = naive.reduce((sum, x) => sum + x, 0);
        expect(Math.abs(total / naiveTotal - 1)).toBeLessThan(1e-8);
        naive.forEach((x, i) => expect(Math.abs(out[i] / total - x / naiveTotal)).toBeLessThan(1e-8));
      }),
    );
  });

  it('let a NaN spoil the sum, wherever it stands', () => {
    for (const at of [0, 1, 2]) {
      const values = Float32Array.of(1, 2, 3);
      values[at] = NaN;
      expect(shiftedExp(values, 0, 3, largest(values, 0, 3), new Float64Array(3))).toBe(NaN);
    }
  });
});
