import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bootstrapEstimate,
  differenceOfHalves,
  interquartileMean,
  pooledInterquartileMean,
  quantileOf,
} from '../../benchmarks/ablation/statistics.ts';
import { Random } from '../../src/common/random.ts';

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 30 });

describe('interquartileMean', () => {
  // By hand; the same as scipy.stats.trim_mean(values, 0.25).
  it.each([
    [[7], 7],
    [[1, 2, 30], 11],
    [[1, 2, 3, 40], 2.5],
    [[100, 1, 3, 2, -50], 2],
    [[9, 8, 7, 6, 5, 4, 3, 2, 1, 100], 5.5],
    [[0, 0, 1, 2, 3, 4, 90, 90], 2.5],
  ])('of %j is %d', (given, mean) => {
    expect(interquartileMean(given)).toBeCloseTo(mean, 12);
  });

  it('lies within the values, whatever their order, and moves with them', () => {
    fc.assert(
      fc.property(values, fc.double({ min: -10, max: 10, noNaN: true }), (given, shift) => {
        const mean = interquartileMean(given);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...given) - 1e-9);
        expect(mean).toBeLessThanOrEqual(Math.max(...given) + 1e-9);
        expect(interquartileMean(given.toReversed())).toBe(mean);
        expect(interquartileMean(given.map((value) => value + shift))).toBeCloseTo(mean + shift, 9);
      }),
    );
  });

  it('does not see how far the outer values are', () => {
    expect(interquartileMean([-1e9, 2, 3, 1e9])).toBe(2.5);
  });

  it('changes nothing in what it is given, and refuses an empty list', () => {
    const given = [3, 1, 2];
    interquartileMean(given);
    expect(given).toEqual([3, 1, 2]);
    expect(() => interquartileMean([])).toThrow(/at least 1/);
  });
});

describe('quantileOf', () => {
  // numpy.quantile([10, 20, 30, 50], q)
  it.each([
    [0, 10],
    [0.25, 17.5],
    [0.5, 25],
    [0.9, 44],
    [1, 50],
  ])('at %d of four values is %d', (q, value) => {
    expect(quantileOf([10, 20, 30, 50], q)).toBeCloseTo(value, 12);
  });

  it('refuses what is not in [0, 1] and nothing to look in', () => {
    expect(() => quantileOf([1], 1.1)).toThrow();
    expect(() => quantileOf([], 0.5)).toThrow();
  });
});

describe('bootstrapEstimate', () => {
  const mean = ([stratum]: readonly ArrayLike<number>[]) =>
    Array.from(stratum).reduce((sum, value) => sum + value, 0) / stratum.length;

  it('of one value, or of equal ones, is that value', () => {
    const estimate = bootstrapEstimate([[4, 4, 4]], mean, { random: new Random(1), resamples: 50 });
    expect(estimate).toEqual({ value: 4, low: 4, high: 4 });
  });

  it('finds the quantiles of the binomial that the mean of zeros and ones is', () => {
    // The sum of ten draws from five ones and five zeros is binomial(10, 1/2): P(≤ 1) = .0107, P(≤ 2) = .0547; the .025 quantile is 2, the .975 one 8.
    const halves = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
    const estimate = bootstrapEstimate([halves], mean, { random: new Random(2), resamples: 20_000 });
    expect(estimate.value).toBe(0.5);
    expect(estimate.low).toBeCloseTo(0.2, 12);
    expect(estimate.high).toBeCloseTo(0.8, 12);
    const narrow = bootstrapEstimate([halves], mean, { random: new Random(2), resamples: 20_000, confidence: 0.5 });
    // P(≤ 3) = .172, P(≤ 4) = .377: the .25 quantile is 4.
    expect([narrow.low, narrow.high]).toEqual([0.4, 0.6]);
  });

  it('draws within each stratum alone', () => {
    // Whatever is drawn, each stratum gives three equal values: no resampling may mix them.
    const strata = [
      [1, 1, 1],
      [5, 5, 5],
    ];
    const seen = bootstrapEstimate(strata, ([a, b]) => a[0] * 100 + b[2], { random: new Random(3), resamples: 100 });
    expect(seen).toEqual({ value: 105, low: 105, high: 105 });
  });

  it('is the same for the same seed', () => {
    const run = () => bootstrapEstimate([[1, 5, 9, 2]], pooledInterquartileMean, { random: new Random(4), resamples: 200 });
    expect(run()).toEqual(run());
  });

  it('covers the mean of a normal about as often as it says', () => {
    const random = new Random(5);
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const sample = Array.from({ length: 30 }, () => random.normal());
      const { low, high } = bootstrapEstimate([sample], mean, { random, resamples: 400 });
      if (low <= 0 && high >= 0) covered++;
    }
    // Of 200 at .94 or so: the bounds are four standard deviations away.
    expect(covered).toBeGreaterThan(172);
    expect(covered).toBeLessThanOrEqual(200);
  });

  it('refuses empty strata and bad options', () => {
    const random = new Random(1);
    expect(() => bootstrapEstimate([[1], []], mean, { random })).toThrow();
    expect(() => bootstrapEstimate([[1]], mean, { random, resamples: 0 })).toThrow();
    expect(() => bootstrapEstimate([[1]], mean, { random, confidence: 1.5 })).toThrow();
  });
});

describe('pooled statistics', () => {
  it('pool the strata before they cut', () => {
    expect(
      pooledInterquartileMean([
        [100, 1],
        [2, -50, 3],
      ]),
    ).toBe(2);
  });

  it('take the difference of the halves', () => {
    expect(differenceOfHalves([[10, 20], [30], [1], [2, 3]])).toBe(18);
  });
});
