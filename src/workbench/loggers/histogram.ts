import { checkInteger } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';

/** How values are distributed. */
export interface Histogram {
  /** Smallest value. */
  readonly min: number;
  /** Largest value. */
  readonly max: number;
  /** Number of values. */
  readonly count: number;
  /** Σ x. */
  readonly sum: number;
  /** Σ x². */
  readonly sumOfSquares: number;
  /** The upper ends of the bins, rising; a value belongs to the first whose end is not below it. */
  readonly limits: readonly number[];
  /** How many values lie in each bin. */
  readonly counts: readonly number[];
}

/**
 * Counts values in bins of equal width between the smallest and the largest.
 *
 * @param bins - how many. Default 30.
 * @throws DqnError `invalid-option` where there is no value, or one is not finite.
 */
export function histogramOf(values: ArrayLike<number>, bins = 30): Histogram {
  checkInteger('histogramOf(bins)', bins, { min: 1 });
  let [min, max, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) throw refuse(`histogramOf(values)[${i}]`, 'a finite number', describe(value));
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    sumOfSquares += value * value;
  }
  if (values.length === 0) throw refuse('histogramOf(values)', 'at least one value', 'none');
  // Equal values fill one bin, which must not be empty in width.
  const width = (max - min) / bins;
  const limits = width > 0 ? Array.from({ length: bins }, (_, k) => (k === bins - 1 ? max : min + width * (k + 1))) : [max];
  const counts = limits.map(() => 0);
  for (let i = 0; i < values.length; i++) {
    let bin = width > 0 ? Math.min(bins - 1, Math.floor((values[i] - min) / width)) : 0;
    // Rounding may be off by one bin.
    while (bin > 0 && values[i] <= limits[bin - 1]) bin--;
    while (values[i] > limits[bin]) bin++;
    counts[bin]++;
  }
  return { min, max, count: values.length, sum, sumOfSquares, limits, counts };
}

/** A histogram with a bin for each of the whole numbers 0 … n − 1, of which some were counted. */
export function histogramOfCounts(counts: readonly number[]): Histogram {
  let [count, sum, sumOfSquares] = [0, 0, 0];
  for (const [value, times] of counts.entries()) {
    count += times;
    sum += times * value;
    sumOfSquares += times * value * value;
  }
  const min = Math.max(
    0,
    counts.findIndex((times) => times > 0),
  );
  const max = Math.max(
    0,
    counts.findLastIndex((times) => times > 0),
  );
  return { min, max, count, sum, sumOfSquares, limits: counts.map((_, value) => value + 0.5), counts: [...counts] };
}

function refuse(where: string, expected: string, received: string): DqnError {
  return new DqnError({ code: 'invalid-option', where, expected, received, remedy: 'Leave out what is not a finite number.' });
}
