import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { quantile } from '../common/quantile.ts';
import { Random } from '../common/random.ts';
import { ascending } from './aggregates.ts';
import { isMatrix, readScores, type Scores } from './scores.ts';

/** An estimate and its confidence interval. */
export interface Interval {
  /** The statistic of the scores themselves. */
  readonly estimate: number;
  /** The lower end. */
  readonly low: number;
  /** The upper end. */
  readonly high: number;
}

/** How to draw again. */
export interface BootstrapOptions {
  /** How often. Default 2,000. */
  readonly resamples?: number;
  /** The probability that the interval covers the truth, in (0, 1]. Default 0.95. */
  readonly confidence?: number;
  /** The same seed gives the same interval. Default 0. */
  readonly seed?: number;
}

/**
 * The percentile interval of any statistic by stratified bootstrap: the runs of each task are drawn anew with replacement, each task for itself and as many as
 * there are, the statistic is computed, and the interval lies between the quantiles of its values (Efron 1979; Agarwal et al. 2021, section 4.1). It tells
 * what other seeds would have given on the same tasks. With few runs, below ten or so, it is somewhat too narrow.
 *
 * @param statistic - of scores in the form in which they are given.
 * @param samples - the scores of one algorithm or of several, which are drawn independently.
 *
 * @example
 * ```ts
 * import { bootstrapInterval, interquartileMean, probabilityOfImprovement } from '@scope/dqn/workbench';
 *
 * const double = { chain: [0.9, 0.7, 0.8, 1], grid: [0.5, 0.6, 0.4, 0.6] };
 * const plain = { chain: [0.6, 0.7, 0.8, 0.5], grid: [0.5, 0.3, 0.4, 0.4] };
 * console.log(bootstrapInterval(interquartileMean, [double], { seed: 1 }));
 * console.log(bootstrapInterval(probabilityOfImprovement, [double, plain], { seed: 1 }));
 * ```
 * @throws DqnError `invalid-option` on bad scores or options, or where the statistic is not a number.
 */
export function bootstrapInterval<Samples extends Scores[]>(
  statistic: (...samples: NoInfer<Samples>) => number,
  samples: readonly [...Samples],
  options: BootstrapOptions = {},
): Interval {
  return bootstrapIntervals((...drawn: Samples) => [statistic(...drawn)], samples, options)[0];
}

/**
 * {@link bootstrapInterval} for several statistics at once, or one that is a curve: the interval of each of the numbers it gives, by itself.
 *
 * @throws DqnError `invalid-option` on bad scores or options, or where the statistic does not give equally many numbers every time.
 */
export function bootstrapIntervals<Samples extends Scores[]>(
  statistic: (...samples: NoInfer<Samples>) => readonly number[],
  samples: readonly [...Samples],
  options: BootstrapOptions = {},
): Interval[] {
  checkNames('bootstrap(options)', options, { resamples: true, confidence: true, seed: true });
  const resamples = checkInteger('bootstrap({ resamples })', options.resamples ?? 2_000, { min: 1 });
  const confidence = checkNumber('bootstrap({ confidence })', options.confidence ?? 0.95, { min: 0, max: 1, exclusiveMin: true });
  const random = new Random(options.seed ?? 0).split('bootstrap');
  for (const scores of samples) readScores('bootstrap(samples)', scores, false);
  const estimates = statistic(...samples);
  const values = estimates.map(() => new Float64Array(resamples));
  checkStatistic(estimates, values.length);
  for (let i = 0; i < resamples; i++) {
    const drawn = statistic(...(samples.map((scores) => resample(scores, random)) as Scores[] as Samples));
    checkStatistic(drawn, values.length);
    for (const [k, value] of drawn.entries()) values[k][i] = value;
  }
  const tail = (1 - confidence) / 2;
  return values.map((all, k) => {
    all.sort(ascending);
    return { estimate: estimates[k], low: quantile(all, tail), high: quantile(all, 1 - tail) };
  });
}

/** The same form, each task's scores drawn from its own with replacement. */
function resample(scores: Scores, random: Random): Scores {
  if (isMatrix(scores)) return scores.map((row) => row.map((_, task) => scores[random.integer(scores.length)][task]));
  const draw = (runs: readonly number[]) => runs.map(() => runs[random.integer(runs.length)]);
  return Object.fromEntries(Object.entries(scores).map(([task, runs]) => [task, draw(runs)]));
}

function checkStatistic(values: readonly number[], count: number): void {
  const wrong = values.length === count ? values.find((value) => !Number.isFinite(value)) : values;
  if (wrong === undefined) return;
  throw new DqnError({
    code: 'invalid-option',
    where: 'bootstrap(statistic)',
    expected: `finite numbers, ${count} for every sample`,
    received: describe(wrong),
    remedy: 'Mend the statistic: it must give a number for every choice of runs, also where one is drawn several times.',
  });
}
