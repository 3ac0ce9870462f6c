import { DqnError, describe } from '../common/errors.ts';
import { mean } from './aggregates.ts';
import { bootstrapIntervals, type BootstrapOptions, type Interval } from './bootstrap.ts';
import { readScores, type Scores } from './scores.ts';

/** One point of a performance profile: the fraction above a threshold, with its confidence interval. */
export interface ProfilePoint extends Interval {
  /** τ. */
  readonly threshold: number;
}

/** How to draw a performance profile. */
export interface ProfileOptions extends BootstrapOptions {
  /**
   * What the fraction is of. `runs` (the default): of all runs of all tasks, the score distribution. `tasks`: of the tasks, by the mean over their runs, which is
   * biased and less certain with few runs.
   */
  readonly of?: 'runs' | 'tasks';
}

/**
 * The performance profile: for each threshold τ the fraction of runs that score above it, `mean_{n, m} [x[n, m] > τ]` (Agarwal et al. 2021, section 4.2). The
 * higher curve is better wherever it is higher; the area below it is the mean score, where none is below 0 and thresholds go to the best.
 *
 * @param thresholds - τ, in any order.
 * @throws DqnError `invalid-option` on bad scores, thresholds or options, or where tasks have different numbers of runs and the fraction is of those.
 */
export function performanceProfile(
  scores: Scores,
  thresholds: readonly number[],
  { of = 'runs', ...options }: ProfileOptions = {},
): ProfilePoint[] {
  const where = 'performanceProfile(scores)';
  const fine = Array.isArray(thresholds) && thresholds.length > 0 && thresholds.every(Number.isFinite);
  if (!fine) throw refuse('thresholds', 'a list of at least one finite number', describe(thresholds));
  if (of !== 'runs' && of !== 'tasks') throw refuse('{ of }', `'runs' or 'tasks'`, describe(of));
  const fractions = (drawn: Scores) => {
    const tasks = readScores(where, drawn, of === 'runs');
    const values = of === 'runs' ? tasks.flat() : tasks.map(mean);
    return thresholds.map((threshold) => values.filter((value) => value > threshold).length / values.length);
  };
  return bootstrapIntervals(fractions, [scores], options).map((interval, i) => ({ threshold: thresholds[i], ...interval }));
}

function refuse(argument: string, expected: string, received: string): DqnError {
  const where = `performanceProfile(${argument})`;
  return new DqnError({ code: 'invalid-option', where, expected, received, remedy: `Pass ${expected}.` });
}
