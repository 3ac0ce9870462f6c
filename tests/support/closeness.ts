import { expect } from 'vitest';

/** Expects every |actual − expected| ≤ relative · the largest |expected| (at least `floor`): an error relative to the vector's size. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative, floor = 1e-3, name = 'values' }: { relative: number; floor?: number; name?: string },
): void {
  expect(actual.length, name).toBe(expected.length);
  const numbers = Array.from(expected);
  const size = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), floor);
  const worst = numbers.reduce((most, x, i) => Math.max(most, Number.isNaN(actual[i]) ? Infinity : Math.abs(actual[i] - x)), 0);
  expect(worst, `error of ${name}`).toBeLessThanOrEqual(relative * size);
}
