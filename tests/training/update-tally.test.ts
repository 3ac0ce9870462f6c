import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UpdateReport } from '../../src/index.ts';
import { TdErrorPool } from '../../src/training/td-error-pool.ts';
import { UpdateTally } from '../../src/training/update-tally.ts';
import { naiveQuantile } from '../support/quantile.ts';

const parts = [0, 0.1, 0.5, 0.9, 1];

/** What a pool must say of updates, from lists: the bound is 8,192 values, or 16 updates of the largest. */
function naive(updates: readonly (readonly number[])[]) {
  let stride = 1;
  let kept: (readonly number[])[] = [];
  let room = 8192;
  updates.forEach((update, i) => {
    if (i % stride !== 0) return;
    room = Math.max(room, 16 * update.length);
    kept.push(update);
    while (kept.flat().length > room) {
      stride *= 2;
      kept = updates.slice(0, i + 1).filter((_, k) => k % stride === 0);
    }
  });
  const values = kept.flat().map(Math.abs);
  return {
    quantiles: parts.map((part) => expect.closeTo(naiveQuantile(values, part), 5) as number),
    max: Math.max(...updates.flat().map(Math.abs)),
  };
}

describe('TdErrorPool', () => {
  test('tells quantiles of all, or of whole updates evenly spread, and the largest of all, again and again', () => {
    // Whole numbers, each once: which are kept decides every quantile.
    const sizesArb = fc.oneof(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 200, max: 3000 }).chain((size) => fc.array(fc.constant(size), { minLength: 1, maxLength: 70 })),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 60 }),
    );
    fc.assert(
      fc.property(fc.array(sizesArb, { minLength: 1, maxLength: 3 }), (windows) => {
        const pool = new TdErrorPool();
        for (const sizes of windows) {
          let next = 0;
          const updates = sizes.map((size) => Array.from({ length: size }, () => (next++ % 2 ? next : -next)));
          for (const update of updates) pool.add(Float32Array.from(update));
          expect(pool.take(parts)).toEqual(naive(updates));
        }
      }),
      // 27 updates of 300 have room: dropped at an odd number of them, with few and large ones after.
      { numRuns: 40, examples: [[[Array<number>(70).fill(300), Array<number>(9).fill(3), Array<number>(40).fill(1200)]]] },
    );
  });

  test('keeps the array that it is given alone, and of the largest not those that are dropped alone', () => {
    const pool = new TdErrorPool();
    const array = Float32Array.of(-3, 1);
    pool.add(array);
    expect([...array]).toEqual([-3, 1]);
    array.fill(50);
    expect(pool.take([1])).toEqual({ quantiles: [3], max: 3 });
    // 10,000 updates of one value: the 5,001st is not kept.
    for (let i = 0; i < 10_000; i++) pool.add(Float32Array.of(i === 5_001 ? -9 : 1));
    expect(pool.take([1])).toEqual({ quantiles: [1], max: 9 });
  });
});

describe('UpdateTally', () => {
  const report = (changes: Partial<UpdateReport>): UpdateReport => ({
    update: 1,
    loss: 0,
    meanQ: 0,
    maxQ: 0,
    meanTdError: 0,
    tdErrors: Float32Array.of(0),
    gradientNorm: 0,
    learningRate: 0,
    ...changes,
  });

  test('sums up updates, then begins anew', () => {
    const tally = new UpdateTally();
    expect(tally.take()).toBeUndefined();
    tally.add(
      report({ loss: 1, meanQ: 2, maxQ: -3, meanTdError: 4, tdErrors: Float32Array.of(-4, 2), gradientNorm: 5, learningRate: 6 }),
    );
    tally.add(
      report({ loss: 3, meanQ: 4, maxQ: -7, meanTdError: 6, tdErrors: Float32Array.of(8), gradientNorm: 7, learningRate: 8 }),
    );
    expect(tally.count).toBe(2);
    expect(tally.take()).toEqual({
      loss: 2,
      meanQ: 3,
      maxQ: -3,
      meanTdError: 5,
      tdErrorP10: expect.closeTo(2.4, 12),
      tdErrorP50: 4,
      tdErrorP90: expect.closeTo(7.2, 12),
      maxTdError: 8,
      gradientNorm: 6,
      learningRate: 8,
    });
    expect([tally.count, tally.take()]).toEqual([0, undefined]);
    tally.add(report({ maxQ: -9, tdErrors: Float32Array.of(1) }));
    expect(tally.take()).toMatchObject({ maxQ: -9, tdErrorP90: 1, maxTdError: 1 });
  });

  test('takes no largest Q that is not known for one', () => {
    const tally = new UpdateTally();
    for (const maxQ of [NaN, 2, NaN, 1]) tally.add(report({ maxQ }));
    expect(tally.take()?.maxQ).toBe(2);
    tally.add(report({ maxQ: NaN }));
    expect(tally.take()?.maxQ).toBeNaN();
  });
});
