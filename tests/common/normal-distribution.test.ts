import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../src/common/normal-distribution.ts';

/** Φ by Simpson's rule on the density from 0. */
function integrated(x: number): number {
  const parts = 4000;
  const h = x / parts;
  let sum = 0;
  for (let i = 0; i <= parts; i++) {
    const weight = i === 0 || i === parts ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-0.5 * (i * h) ** 2);
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

describe('the normal distribution', () => {
  it('function is the integral of the density', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), (x) => {
        expect(Math.abs(normalCdf(x) - integrated(x))).toBeLessThan(1e-13);
      }),
    );
  });

  it('agrees with tables', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 15);
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14);
    expect(normalCdf(-10) / 7.61985302416052e-24).toBeCloseTo(1, 6);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 13);
    expect(normalQuantile(1e-10) / -6.361340902404056).toBeCloseTo(1, 9);
    expect([normalQuantile(0), normalQuantile(1), normalCdf(-Infinity), normalCdf(Infinity)]).toEqual([-Infinity, Infinity, 0, 1]);
    expect([normalQuantile(-0.1), normalQuantile(1.1), normalQuantile(NaN), normalCdf(NaN)]).toEqual([NaN, NaN, NaN, NaN]);
  });

  it('and its quantile function undo each other', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-9);
        expect(normalQuantile(1 - p) + normalQuantile(1 - (1 - p))).toBe(0);
      }),
    );
    for (const p of [5e-324, 1e-300, 1e-100]) expect(Number.isFinite(normalQuantile(p))).toBe(true);
  });
});
