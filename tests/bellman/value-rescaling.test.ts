import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseRescale, rescale } from '../../src/bellman/value-rescaling.ts';

const valueArb = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const EPSILON = 1e-3;

describe('value rescaling', () => {
  it('agrees with a hand-computed table', () => {
    expect([0, 3, -3, 8, 99, -99].map(rescale)).toEqual([0, 1.003, -1.003, 2.008, 9.099, -9.099]);
    [0, 1.003, -1.003, 2.008, 9.099, -9.099].forEach((y, i) => {
      expect(inverseRescale(y)).toBeCloseTo([0, 3, -3, 8, 99, -99][i], 10);
    });
  });

  it('is undone by its inverse, both ways', () => {
    fc.assert(
      fc.property(valueArb, (x) => {
        const tolerance = 1e-9 * (1 + Math.abs(x));
        expect(Math.abs(inverseRescale(rescale(x)) - x)).toBeLessThan(tolerance);
        const y = x / 1e3;
        expect(Math.abs(rescale(inverseRescale(y)) - y)).toBeLessThan(tolerance);
      }),
    );
  });

  it('is odd and increasing, h a contraction by ½ + ε and its inverse Lipschitz by 1/ε', () => {
    fc.assert(
      fc.property(valueArb, valueArb, (x, y) => {
        expect(rescale(-x)).toBe(-rescale(x));
        expect(inverseRescale(-x)).toBe(-inverseRescale(x));
        const distance = Math.abs(x - y);
        const rounding = 1e-9;
        if (x > y + 1e-6) {
          expect(rescale(x)).toBeGreaterThan(rescale(y));
          expect(inverseRescale(x)).toBeGreaterThan(inverseRescale(y));
        }
        expect(Math.abs(rescale(x) - rescale(y))).toBeLessThanOrEqual((0.5 + EPSILON) * distance + rounding);
        expect(Math.abs(rescale(x) - rescale(y))).toBeGreaterThanOrEqual(EPSILON * distance - rounding);
        expect(Math.abs(inverseRescale(x) - inverseRescale(y))).toBeLessThanOrEqual((distance / EPSILON) * (1 + 1e-6) + 1e-3);
      }),
    );
  });

  it('passes NaN on', () => {
    expect([rescale(NaN), inverseRescale(NaN)]).toEqual([NaN, NaN]);
  });
});
