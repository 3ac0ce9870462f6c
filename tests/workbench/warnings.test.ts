import { expect, test } from 'vitest';
import { warningsOf, type Observed, type WarningKind } from '../../src/workbench/diagnostics/warnings.ts';

/** A run of which nothing is known yet. */
const nothing: Observed = {
  discount: 0.9,
  largestReward: 1,
  largestInput: 1,
  meanQ: undefined,
  loss: undefined,
  smallestLoss: undefined,
  clipped: undefined,
  deadUnits: undefined,
  effectiveRank: undefined,
  largestRank: undefined,
  predicted: undefined,
  realised: undefined,
};

// What is still well, and the least change that is not.
const thresholds: readonly [WarningKind, Partial<Observed>, Partial<Observed>][] = [
  // Rewards of 2 and a discount of 0.5 give at most 4; half as much again may be an error.
  ['impossible-values', { largestReward: 2, discount: 0.5, meanQ: 6 }, { meanQ: 6.01 }],
  ['impossible-values', { largestReward: 2, discount: 0.5, meanQ: -6 }, { meanQ: -6.01 }],
  ['impossible-values', { largestReward: 2, discount: 1, meanQ: 1e9 }, { discount: 0.5 }],
  ['impossible-values', { largestReward: 0, discount: 0.5, meanQ: 1e9 }, { largestReward: 2 }],
  // Half of what is got, however it is signed, or one reward, whichever is more.
  ['overestimation', { predicted: 15, realised: 10 }, { predicted: 15.01 }],
  ['overestimation', { predicted: -5, realised: -10 }, { predicted: -4.99 }],
  ['overestimation', { predicted: 2, realised: 1 }, { predicted: 2.01 }],
  ['overestimation', { predicted: 15.01, realised: undefined }, { realised: 10 }],
  ['overestimation', { predicted: undefined, realised: -1e9 }, { predicted: 1 }],
  ['growing-loss', { loss: 2_000, smallestLoss: 2 }, { loss: 2_001 }],
  ['growing-loss', { loss: 0.99, smallestLoss: 1e-9 }, { loss: 1 }],
  ['growing-loss', { loss: 2_001, smallestLoss: undefined }, { smallestLoss: 2 }],
  ['clipped-gradients', { clipped: 0.94 }, { clipped: 0.95 }],
  ['large-rewards', { largestReward: 100 }, { largestReward: 101 }],
  ['large-observations', { largestInput: 30 }, { largestInput: 31 }],
  ['dead-units', { deadUnits: 0.5 }, { deadUnits: 0.51 }],
  // A quarter of what it was, where that was something.
  ['rank-collapse', { effectiveRank: 3, largestRank: 8 }, { effectiveRank: 2 }],
  ['rank-collapse', { effectiveRank: 1, largestRank: 7 }, { largestRank: 8 }],
  ['rank-collapse', { effectiveRank: 2, largestRank: undefined }, { largestRank: 8 }],
];

test.each(thresholds)('%s: not of %o, but with %o', (kind, well, change) => {
  expect(warningsOf({ ...nothing, ...well }, 7)).toEqual([]);
  const found = warningsOf({ ...nothing, ...well, ...change }, 7);
  expect(found.map((warning) => [warning.kind, warning.step])).toEqual([[kind, 7]]);
});

test('nothing is said of a run of which nothing is known', () => {
  expect(warningsOf(nothing, 0)).toEqual([]);
});
