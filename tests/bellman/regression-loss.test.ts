import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { huberLoss, huberSlope, squaredLoss, squaredSlope } from '../../src/bellman/regression-loss.ts';

const errorArb = fc.double({ min: -100, max: 100, noNaN: true });
const deltaArb = fc.double({ min: 0.01, max: 50, noNaN: true });

describe('regression losses', () => {
  it('agree with a hand-computed table', () => {
    expect([-2, -0.5, 0, 0.5, 1, 2].map((x) => huberLoss(x, 1))).toEqual([1.5, 0.125, 0, 0.125, 0.5, 1.5]);
    expect([-2, -0.5, 0, 0.5, 1, 2].map((x) => huberSlope(x, 1))).toEqual([-1, -0.5, 0, 0.5, 1, 1]);
    expect([-4, 2, 3].map((x) => huberLoss(x, 2))).toEqual([6, 2, 4]);
    expect([-4, 2, 3].map((x) => huberSlope(x, 2))).toEqual([-2, 2, 2]);
    expect([-3, 0, 2].map(squaredLoss)).toEqual([4.5, 0, 2]);
    expect([-3, 0, 2].map(squaredSlope)).toEqual([-3, 0, 2]);
  });

  it('have the slopes that finite differences give', () => {
    const h = 1e-4;
    fc.assert(
      fc.property(errorArb, deltaArb, (error, delta) => {
        const huber = (huberLoss(error + h, delta) - huberLoss(error - h, delta)) / (2 * h);
        expect(Math.abs(huber - huberSlope(error, delta))).toBeLessThan(2 * h);
        const squared = (squaredLoss(error + h) - squaredLoss(error - h)) / (2 * h);
        expect(Math.abs(squared - squaredSlope(error))).toBeLessThan(1e-6);
      }),
    );
  });

  it('of Huber is even, convex, at most the square, and the square for a large delta', () => {
    fc.assert(
      fc.property(errorArb, errorArb, deltaArb, (a, b, delta) => {
        expect(huberLoss(-a, delta)).toBe(huberLoss(a, delta));
        expect(huberLoss((a + b) / 2, delta)).toBeLessThanOrEqual((huberLoss(a, delta) + huberLoss(b, delta)) / 2 + 1e-9);
        expect(huberLoss(a, delta)).toBeLessThanOrEqual(squaredLoss(a) + 1e-12);
        expect(huberLoss(a, 100)).toBe(squaredLoss(a));
        expect(huberSlope(a, 100)).toBe(squaredSlope(a));
      }),
    );
  });

  it('of Huber tends to delta times the absolute value far out', () => {
    fc.assert(
      fc.property(errorArb, (error) => {
        const delta = 1e-6;
        expect(Math.abs(huberLoss(error, delta) / delta - Math.abs(error))).toBeLessThan(1e-6);
        if (Math.abs(error) > delta) expect(huberSlope(error, delta)).toBe(Math.sign(error) * delta);
      }),
    );
  });

  it('pass NaN on, so that a diverged network is noticed', () => {
    expect([huberLoss(NaN, 1), huberSlope(NaN, 1), squaredLoss(NaN), squaredSlope(NaN)]).toEqual([NaN, NaN, NaN, NaN]);
  });
});
