import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DqnError, Random } from '../../src/index.ts';
import {
  bootstrapInterval,
  bootstrapIntervals,
  interquartileMean,
  meanScore,
  medianScore,
  optimalityGap,
  performanceProfile,
  probabilityOfImprovement,
  sampleEfficiency,
  type Scores,
} from '../../src/workbench/index.ts';

const X = [
  [0.1, 1.5, 0.3],
  [0.7, 0.2, 0.9],
  [1.2, 0.8, 0.4],
  [0.5, 0.6, 2.5],
  [0.9, 0.1, 0.35],
];
const Y = [
  [0.2, 1.5, 0.1],
  [0.7, 0.2, 0.2],
  [0.4, 0.9, 0.4],
];
const thresholds = [0, 0.25, 0.5, 0.9, 1.2, 3];

/** Multiples of 2⁻⁶, so that sums of a few are exact in any order and ties are frequent. */
const scoreArb = fc.integer({ min: -200, max: 200 }).map((n) => n / 64);
const matrixArb = fc
  .record({ runs: fc.integer({ min: 1, max: 7 }), tasks: fc.integer({ min: 1, max: 5 }) })
  .chain(({ runs, tasks }) =>
    fc.array(fc.array(scoreArb, { minLength: tasks, maxLength: tasks }), { minLength: runs, maxLength: runs }),
  );
const byName = (scores: readonly (readonly number[])[]) =>
  Object.fromEntries(scores[0].map((_, task) => [`task ${task}`, scores.map((row) => row[task])]));
const map = (scores: readonly (readonly number[])[], change: (x: number) => number) =>
  scores.map((row) => row.map((x) => change(x)));

function failure(call: () => unknown): DqnError {
  try {
    call();
  } catch (error) {
    if (error instanceof DqnError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const aggregates = [
  ['meanScore', meanScore],
  ['medianScore', medianScore],
  ['interquartileMean', interquartileMean],
] as const;

describe('aggregates', () => {
  // By numpy, with the formulas of rliable's metrics.py: np.mean(np.mean(x, 0)), np.median(np.mean(x, 0)), and scipy's trim_mean(x, 0.25, axis=None).
  test('agree with the published formulas', () => {
    expect(meanScore(X)).toBeCloseTo(0.7366666666666667, 14);
    expect(medianScore(X)).toBeCloseTo(0.68, 14);
    expect(medianScore(X.map((row) => [...row, 2 * row[0]]))).toBeCloseTo(0.785, 14);
    expect(interquartileMean(X)).toBeCloseTo(0.6055555555555556, 14);
    expect(optimalityGap(X)).toBeCloseTo(0.41, 14);
    expect(optimalityGap(X, 0.5)).toBeCloseTo(0.10333333333333339, 14);
  });

  test('by hand', () => {
    // Of eight scores the middle four count, far from evenly spread; of seven, one is cut at each end; of three, none.
    const column = (...values: number[]) => values.map((value) => [value]);
    expect(interquartileMean(column(8, 1, 7, 2, 6, 3, 5, 4))).toBe(4.5);
    expect(interquartileMean(column(0, 9, 0, 9, 1, 2, 0, 9))).toBe(3);
    expect(interquartileMean(column(0, 9, 1, 5))).toBe(3);
    expect(interquartileMean(column(100, 1, 2, 3, 4, 5, -100))).toBe(3);
    expect(interquartileMean(column(0, 3, 9))).toBe(4);
    expect(medianScore([[1, 10, 3]])).toBe(3);
    expect(meanScore({ one: [1, 2, 3], other: [10] })).toBe(6);
    expect(medianScore({ one: [1, 2, 3], other: [10], third: [0, 100] })).toBe(10);
  });

  test.each(aggregates)('%s lies between the smallest and the largest score', (_, aggregate) => {
    fc.assert(
      fc.property(matrixArb, (scores) => {
        const all = scores.flat();
        expect(aggregate(scores)).toBeGreaterThanOrEqual(Math.min(...all) - 1e-12);
        expect(aggregate(scores)).toBeLessThanOrEqual(Math.max(...all) + 1e-12);
      }),
    );
  });

  test.each(aggregates)('%s moves and stretches with the scores', (_, aggregate) => {
    fc.assert(
      fc.property(matrixArb, scoreArb, fc.integer({ min: 0, max: 40 }), (scores, shift, quarters) => {
        const changed = map(scores, (x) => (quarters / 4) * x + shift);
        expect(aggregate(changed)).toBeCloseTo((quarters / 4) * aggregate(scores) + shift, 10);
      }),
    );
  });

  test.each([...aggregates, ['optimalityGap', optimalityGap] as const])(
    '%s does not depend on the order of runs, within each task, nor on the form',
    (_, aggregate) => {
      fc.assert(
        fc.property(matrixArb, fc.nat(), (scores, seed) => {
          const random = new Random(seed);
          const shuffled = Object.entries(byName(scores)).map(([task, runs]) => {
            const keys = new Map(runs.map((_, i) => [i, random.float()]));
            return [task, [...keys].sort((a, b) => a[1] - b[1]).map(([i]) => runs[i])];
          });
          expect(aggregate(Object.fromEntries(shuffled) as Scores)).toBeCloseTo(aggregate(scores), 12);
        }),
      );
    },
  );

  test('the gap and the mean of what is below the goal add up to the goal', () => {
    fc.assert(
      fc.property(matrixArb, scoreArb, (scores, goal) => {
        const clipped = map(scores, (x) => Math.min(x, goal));
        expect(optimalityGap(scores, goal) + meanScore(clipped)).toBeCloseTo(goal, 10);
        expect(optimalityGap(scores, goal)).toBeGreaterThanOrEqual(-1e-12);
      }),
    );
  });
});

describe('probabilityOfImprovement', () => {
  // By numpy, with the formula of rliable's metrics.py: U of Mann and Whitney by midranks over the number of pairs.
  test('agrees with the published formula', () => {
    expect(probabilityOfImprovement(X, Y)).toBeCloseTo(0.6222222222222222, 14);
    expect(probabilityOfImprovement(Y, X)).toBeCloseTo(0.3777777777777778, 14);
  });

  test('by hand, with ties as half', () => {
    expect(probabilityOfImprovement([[1], [2]], [[1], [0], [2], [5]])).toBe((0.5 + 1 + 0 + 0 + 1 + 1 + 0.5 + 0) / 8);
    expect(probabilityOfImprovement({ a: [1], b: [0, 0] }, { b: [1], a: [0] })).toBe(0.5);
  });

  test('of X over Y and of Y over X make 1', () => {
    fc.assert(
      fc.property(matrixArb, matrixArb, (x, y) => {
        const tasks = Math.min(x[0].length, y[0].length);
        const [a, b] = [x.map((row) => row.slice(0, tasks)), y.map((row) => row.slice(0, tasks))];
        expect(probabilityOfImprovement(a, b) + probabilityOfImprovement(b, a)).toBeCloseTo(1, 12);
        expect(probabilityOfImprovement(a, a)).toBeCloseTo(0.5, 12);
        expect(
          probabilityOfImprovement(
            map(a, (s) => s + 1_000),
            b,
          ),
        ).toBe(1);
      }),
    );
  });

  test.each<[string, Scores, Scores]>([
    ['other tasks', { a: [1] }, { b: [1] }],
    ['more tasks', { a: [1] }, { a: [1], b: [1] }],
    ['another form', [[1]], { '0': [1] }],
  ])('refuses %s', (_, x, y) => {
    expect(failure(() => probabilityOfImprovement(x, y)).code).toBe('invalid-option');
  });
});

describe('performanceProfile', () => {
  const fractions = (scores: Scores, of?: 'runs' | 'tasks') =>
    performanceProfile(scores, thresholds, { of, resamples: 10 }).map(({ estimate }) => estimate);

  // By numpy: [np.mean(x > tau)] and [np.mean(np.mean(x, 0) > tau)].
  test('agrees with the published formulas', () => {
    const expected = [1, 0.8, 0.5333333333333333, 0.2, 0.13333333333333333, 0];
    expect(fractions(X)).toEqual(expected.map((value) => expect.closeTo(value, 14) as number));
    expect(fractions(X, 'tasks')).toEqual([1, 1, 1, 0, 0, 0]);
    expect(performanceProfile(X, thresholds, { resamples: 1 }).map(({ threshold }) => threshold)).toEqual(thresholds);
  });

  test('takes unequal numbers of runs by tasks alone', () => {
    const uneven = { a: [1, 2], b: [0] };
    expect(performanceProfile(uneven, [0.5], { of: 'tasks', resamples: 1 })[0].estimate).toBe(0.5);
    expect(failure(() => performanceProfile(uneven, [0.5])).expected).toBe('2 runs, as "a" has');
  });

  test('falls from 1 to 0, its band too', () => {
    fc.assert(
      fc.property(matrixArb, fc.uniqueArray(scoreArb, { minLength: 1 }), (scores, some) => {
        const rising = [-100, ...some.sort((a, b) => a - b), 100];
        const profile = performanceProfile(scores, rising, { resamples: 20, seed: 1 });
        expect(profile[0]).toMatchObject({ estimate: 1, low: 1, high: 1 });
        expect(profile.at(-1)).toMatchObject({ estimate: 0, low: 0, high: 0 });
        for (const [i, { estimate, low, high }] of profile.entries()) {
          if (i === 0) continue;
          expect(estimate).toBeLessThanOrEqual(profile[i - 1].estimate);
          expect(low).toBeLessThanOrEqual(profile[i - 1].low);
          expect(high).toBeLessThanOrEqual(profile[i - 1].high);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('has the mean below it', () => {
    // The area below the curve of scores in [0, 1], by a fine grid.
    const scores = map(X, (x) => Math.min(x, 1));
    const grid = Array.from({ length: 1_000 }, (_, i) => (i + 0.5) / 1_000);
    const profile = performanceProfile(scores, grid, { resamples: 1 });
    const area = profile.reduce((sum, { estimate }) => sum + estimate / 1_000, 0);
    expect(area).toBeCloseTo(meanScore(scores), 3);
  });

  test('refuses what makes no sense', () => {
    expect(failure(() => performanceProfile(X, [])).where).toBe('performanceProfile(thresholds)');
    expect(failure(() => performanceProfile(X, [NaN])).where).toBe('performanceProfile(thresholds)');
    expect(failure(() => performanceProfile(X, [0], { of: 'seeds' as never })).where).toBe('performanceProfile({ of })');
  });
});

describe('bootstrapInterval', () => {
  // By numpy: runs drawn for each task by itself, np.percentile(values, [2.5, 97.5]) of 20,000 (8,000 for the last).
  test.each([
    ['interquartile mean', () => bootstrapInterval(interquartileMean, [X], { resamples: 10_000 }), 0.3722, 0.9333],
    ['mean', () => bootstrapInterval(meanScore, [X], { resamples: 10_000 }), 0.4633, 1.0633],
    ['probability', () => bootstrapInterval(probabilityOfImprovement, [X, Y], { resamples: 10_000 }), 0.4, 0.8222],
    ['a point of a profile', () => performanceProfile(X, [0.5], { resamples: 10_000 })[0], 0.2667, 0.8],
  ])('agrees with the published method: %s', (_, interval, low, high) => {
    const found = interval();
    expect(Math.abs(found.low - low)).toBeLessThan(0.015);
    expect(Math.abs(found.high - high)).toBeLessThan(0.015);
  });

  test('covers the truth as often as it says', () => {
    // Twenty normal scores of one task, a hundred and fifty times. A percentile interval of so few is a little too narrow: 93 % at n = 20.
    const random = new Random(11);
    let covered = 0;
    let wide = 0;
    for (let trial = 0; trial < 300; trial++) {
      const scores = Array.from({ length: 20 }, () => [3 + 2 * random.normal()]);
      const { low, high } = bootstrapInterval(meanScore, [scores], { resamples: 200, seed: trial });
      if (low <= 3 && 3 <= high) covered++;
      const half = bootstrapInterval(meanScore, [scores], { resamples: 200, seed: trial, confidence: 0.5 });
      if (half.low <= 3 && 3 <= half.high) wide++;
    }
    expect(covered / 300).toBeGreaterThan(0.88);
    expect(covered / 300).toBeLessThan(0.98);
    expect(wide / 300).toBeGreaterThan(0.4);
    expect(wide / 300).toBeLessThan(0.6);
  });

  test('draws the runs of each task among its own', () => {
    fc.assert(
      fc.property(matrixArb, fc.nat(), (scores, seed) => {
        const named = byName(scores);
        const check = (drawn: typeof named) => {
          for (const [task, runs] of Object.entries(drawn)) {
            expect(runs.length).toBe(named[task].length);
            expect(runs.every((score) => named[task].includes(score))).toBe(true);
          }
          return 0;
        };
        bootstrapInterval((drawn) => check(byName(drawn)), [scores], { resamples: 5, seed });
        bootstrapInterval(check, [named], { resamples: 5, seed });
      }),
      { numRuns: 50 },
    );
  });

  test('draws tasks, and samples, independently', () => {
    // Equal columns and equal samples would stay equal if they were drawn together.
    const scores = Array.from({ length: 6 }, (_, i) => [i, i]);
    const apart = (rows: readonly (readonly number[])[]) => Number(rows.some(([a, b]) => a !== b));
    expect(bootstrapInterval(apart, [scores], { resamples: 100 }).low).toBe(1);
    const differ = (a: typeof scores, b: typeof scores) => Number(JSON.stringify(a) !== JSON.stringify(b));
    expect(bootstrapInterval(differ, [scores, scores], { resamples: 100 })).toMatchObject({ estimate: 0, low: 1 });
  });

  test('is as wide as the resamples at confidence 1, a point for one run, the same for a seed', () => {
    fc.assert(
      fc.property(matrixArb, fc.nat(), (scores, seed) => {
        const values: number[] = [];
        const noting = (drawn: Scores) => {
          values.push(meanScore(drawn));
          return values[values.length - 1];
        };
        const all = bootstrapInterval(noting, [scores], { resamples: 20, seed, confidence: 1 });
        expect(all).toEqual({ estimate: values[0], low: Math.min(...values.slice(1)), high: Math.max(...values.slice(1)) });
        expect(bootstrapInterval(meanScore, [scores], { resamples: 20, seed, confidence: 1 })).toEqual(all);
        const { estimate, low, high } = bootstrapInterval(meanScore, [[scores[0]]], { resamples: 5 });
        expect([low, high]).toEqual([estimate, estimate]);
      }),
    );
    const of = (seed: number) => bootstrapInterval(meanScore, [X], { resamples: 50, seed });
    expect(of(1)).not.toEqual(of(2));
  });

  test('lies between neighbours by their distance', () => {
    let call = -1;
    const counting = () => call++;
    // Values 0 … 10: the quartiles are 2.5 and 7.5.
    expect(bootstrapInterval(counting, [X], { resamples: 11, confidence: 0.5 })).toEqual({ estimate: -1, low: 2.5, high: 7.5 });
  });

  test('of a curve is that of each point', () => {
    const both = (scores: Scores) => [meanScore(scores), interquartileMean(scores)];
    expect(bootstrapIntervals(both, [X], { seed: 3 })).toEqual([
      bootstrapInterval(meanScore, [X], { seed: 3 }),
      bootstrapInterval(interquartileMean, [X], { seed: 3 }),
    ]);
  });

  test('refuses bad options and statistics', () => {
    expect(failure(() => bootstrapInterval(meanScore, [X], { resamples: 0 })).where).toBe('bootstrap({ resamples })');
    expect(failure(() => bootstrapInterval(meanScore, [X], { confidence: 0 })).where).toBe('bootstrap({ confidence })');
    expect(failure(() => bootstrapInterval(meanScore, [X], { confidence: 1.1 })).where).toBe('bootstrap({ confidence })');
    expect(failure(() => bootstrapInterval(meanScore, [X], { seed: NaN })).code).toBe('invalid-option');
    expect(failure(() => bootstrapInterval(meanScore, [X], { reps: 5 } as never)).received).toBe('reps');
    expect(failure(() => bootstrapInterval(() => NaN, [X])).where).toBe('bootstrap(statistic)');
    let length = 2;
    expect(failure(() => bootstrapIntervals(() => Array<number>(length++).fill(0), [X])).received).toBe('an array of length 3');
  });
});

describe('sampleEfficiency', () => {
  const points = [0, 100, 250].map((step) => ({ step, scores: map(X, (x) => x * step) }));

  test('gives the interquartile mean with an interval at each step', () => {
    const curve = sampleEfficiency(points, { seed: 1, resamples: 500 });
    expect(curve.map(({ step }) => step)).toEqual([0, 100, 250]);
    expect(curve[0]).toEqual({ step: 0, estimate: 0, low: 0, high: 0 });
    for (const { step, estimate, low, high } of curve.slice(1)) {
      expect(estimate).toBeCloseTo(interquartileMean(X) * step, 10);
      expect(low / step).toBeGreaterThan(0.3);
      expect(low).toBeLessThan(estimate);
      expect(high).toBeGreaterThan(estimate);
      expect(high / step).toBeLessThan(1.1);
    }
    // Each point by draws of its own.
    const widths = [1, 2].map((i) => (curve[i].high - curve[i].low) / curve[i].step);
    expect(Math.abs(widths[0] - widths[1])).toBeGreaterThan(1e-6);
  });

  test('takes another statistic', () => {
    expect(sampleEfficiency(points, { statistic: meanScore, resamples: 5 })[1].estimate).toBe(meanScore(points[1].scores));
  });

  test('refuses none, and steps that do not rise', () => {
    expect(failure(() => sampleEfficiency([])).where).toBe('sampleEfficiency(points)');
    expect(failure(() => sampleEfficiency([points[1], points[1]])).where).toBe('sampleEfficiency(points[1]).step');
    expect(failure(() => sampleEfficiency([{ step: 0.5, scores: X }])).code).toBe('invalid-option');
  });
});

describe('bad scores', () => {
  const all = {
    meanScore,
    medianScore,
    interquartileMean,
    optimalityGap,
    probability: (scores: Scores) => probabilityOfImprovement(scores, scores),
    profile: (scores: Scores) => performanceProfile(scores, [0]),
    bootstrap: (scores: Scores) => bootstrapInterval(() => 0, [scores]),
  };
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['no run', [], ''],
    ['no task', [[]], '[0]'],
    ['no task by name', {}, ''],
    ['no run by name', { a: [1], b: [] }, '["b"]'],
    ['a run without a task', [[1, 2], [1]], '[1]'],
    [
      'NaN',
      [
        [1, 2],
        [1, NaN],
      ],
      '[1][1]',
    ],
    ['infinity', { a: [Infinity] }, '["a"][0]'],
    ['a hole', [[1], Array(1)], '[1][0]'],
    ['a text', [['1']], '[0][0]'],
    ['numbers alone', [1, 2], '[0]'],
    ['nothing', undefined, ''],
    ['null', null, ''],
  ];
  describe.each(Object.entries(all))('%s', (_, call) => {
    it.each(bad)('refuses %s', (_, scores, place) => {
      const error = failure(() => call(scores as Scores));
      expect(error.code).toBe('invalid-option');
      expect(error.where.endsWith(`)${place}`)).toBe(true);
    });
  });

  test('unequal numbers of runs are refused where runs are pooled', () => {
    const uneven = { a: [1, 2], b: [1] };
    for (const call of [interquartileMean, optimalityGap, all.profile]) {
      expect(failure(() => call(uneven))).toMatchObject({ expected: '2 runs, as "a" has', received: '1' });
    }
    for (const call of [meanScore, medianScore, all.probability]) expect(typeof call(uneven)).toBe('number');
    expect(bootstrapInterval(meanScore, [uneven]).estimate).toBe(1.25);
  });
});
