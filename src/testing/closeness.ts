import { show } from './properties.ts';

/** How far numbers may lie apart: `|a − b| ≤ absolute + relative · |b|`. */
export interface Tolerance {
  /** Default 1e-6. */
  readonly absolute?: number;
  /** Default 1e-5. */
  readonly relative?: number;
}

/**
 * Where two arrays of numbers differ, as a sentence; nothing where they are alike. NaN equals NaN, and an infinity itself.
 * @param actual - what came.
 * @param expected - what should have come.
 */
export function explainDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 1e-6, relative = 1e-5 }: Tolerance = {},
): string | undefined {
  if (actual.length !== expected.length) return `expected ${expected.length} numbers, received ${actual.length}`;
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= absolute + relative * Math.abs(b)) continue;
    return `at ${i} expected ${show(b)}, received ${show(a)}`;
  }
  return undefined;
}

/** Whether two arrays hold nearly the same numbers; see {@link explainDifference}. */
export function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance?: Tolerance): boolean {
  return explainDifference(actual, expected, tolerance) === undefined;
}

/** What {@link explainDistribution} may be told. */
export interface DistributionOptions {
  /** How far the sum may be from 1. Default 1e-5. */
  readonly tolerance?: number;
  /** 1 where a probability may be above 0, 0 where it must be 0; all may where left out. */
  readonly mask?: ArrayLike<number>;
}

/** Why numbers are no probability distribution, as a sentence; nothing where they are one. Without any possible outcome all must be 0. */
export function explainDistribution(
  probabilities: ArrayLike<number>,
  { tolerance = 1e-5, mask }: DistributionOptions = {},
): string | undefined {
  let sum = 0;
  let possible = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i];
    if (!(p >= 0 && p <= 1 + tolerance)) return `at ${i} expected a probability, received ${show(p)}`;
    if (mask !== undefined && mask[i] === 0) {
      if (p !== 0) return `at ${i} expected 0, as that is impossible, received ${show(p)}`;
    } else possible++;
    sum += p;
  }
  const expected = possible === 0 ? 0 : 1;
  return Math.abs(sum - expected) <= tolerance ? undefined : `expected a sum of ${expected}, received ${show(sum)}`;
}
