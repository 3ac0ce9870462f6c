// Robust summaries of few runs, as recommended by Agarwal et al. 2021 (NeurIPS) and computed by their library rliable.
import { checkInteger, checkNumber } from '../../src/common/check.ts';
import type { Random } from '../../src/common/random.ts';

/** An estimate, and the interval that holds the true value with a given confidence. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The interquartile mean: the mean of what is left when ⌊n / 4⌋ of the values are cut off at either end. This is
 * `scipy.stats.trim_mean(values, 0.25)`, which rliable uses: values at the edges are kept or cut whole, not weighted by fractions. Of five values
 * it is the mean of the middle three, of ten that of the middle six.
 * @throws DqnError `invalid-option` if there are no values.
 */
export function interquartileMean(values: ArrayLike<number>): number {
  checkInteger('interquartileMean(values.length)', values.length, { min: 1 });
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(sorted.length / 4);
  let sum = 0;
  for (let i = cut; i < sorted.length - cut; i++) sum += sorted[i];
  return sum / (sorted.length - 2 * cut);
}

/** The value below which a share `q` in [0, 1] of the sorted values lies, interpolated linearly as numpy's `quantile` does by default. */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  checkNumber('quantileOf(q)', q, { min: 0, max: 1 });
  checkInteger('quantileOf(sorted.length)', sorted.length, { min: 1 });
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** How to draw the bootstrap. */
export interface BootstrapOptions {
  readonly random: Random;
  /** Resamplings, at least 1. Default 5,000. */
  readonly resamples?: number;
  /** Share of the interval in (0, 1). Default 0.95. */
  readonly confidence?: number;
}

/**
 * A statistic with its stratified percentile-bootstrap interval: every resampling draws from each stratum, with replacement, as many values as it has, and
 * the interval reaches from the (1 − confidence) / 2 quantile of the statistic over all resamplings to the (1 + confidence) / 2 quantile.
 * Strata are what was fixed by design: the environments of a pooled score, or the two sides of a difference.
 * @throws DqnError `invalid-option` on an empty stratum or an option out of range.
 */
export function bootstrapEstimate(
  strata: readonly (readonly number[])[],
  statistic: (strata: readonly ArrayLike<number>[]) => number,
  { random, resamples = 5_000, confidence = 0.95 }: BootstrapOptions,
): Estimate {
  checkInteger('bootstrapEstimate(resamples)', resamples, { min: 1 });
  checkNumber('bootstrapEstimate(confidence)', confidence, { min: 0, max: 1 });
  for (const stratum of strata) checkInteger('bootstrapEstimate(stratum.length)', stratum.length, { min: 1 });
  const drawn = strata.map((stratum) => new Float64Array(stratum.length));
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    strata.forEach((stratum, s) => {
      for (let j = 0; j < stratum.length; j++) drawn[s][j] = stratum[random.integer(stratum.length)];
    });
    values[i] = statistic(drawn);
  }
  values.sort();
  const tail = (1 - confidence) / 2;
  return { value: statistic(strata), low: quantileOf(values, tail), high: quantileOf(values, 1 - tail) };
}

/** The interquartile mean over all values of all strata together. */
export function pooledInterquartileMean(strata: readonly ArrayLike<number>[]): number {
  return interquartileMean(strata.flatMap((stratum) => Array.from(stratum)));
}

/** Interquartile mean of the first half of the strata, pooled, minus that of the second half. */
export function differenceOfHalves(strata: readonly ArrayLike<number>[]): number {
  const half = strata.length / 2;
  return pooledInterquartileMean(strata.slice(0, half)) - pooledInterquartileMean(strata.slice(half));
}
