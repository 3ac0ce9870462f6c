import { checkNumber } from '../common/check.ts';
import { readScores, type Scores } from './scores.ts';

/**
 * The mean of the means of the tasks: `mean_m mean_n x[n, m]`. One task that goes well can carry it.
 *
 * @throws DqnError `invalid-option` on bad scores.
 */
export function meanScore(scores: Scores): number {
  return mean(readScores('meanScore(scores)', scores, false).map(mean));
}

/**
 * The median of the means of the tasks: `median_m mean_n x[n, m]`, between the middle two where their number is even. Half of the tasks do not count.
 *
 * @throws DqnError `invalid-option` on bad scores.
 */
export function medianScore(scores: Scores): number {
  const means = readScores('medianScore(scores)', scores, false).map(mean).sort(ascending);
  const { length } = means;
  return (means[(length - 1) >> 1] + means[length >> 1]) / 2;
}

/**
 * The mean of the middle half of all scores, runs and tasks together: of N scores in order those from `⌊N/4⌋` to `N − ⌊N/4⌋ − 1`. It needs fewer runs than the
 * median and minds outliers less than the mean (Agarwal et al. 2021, section 4.3). Where N is no multiple of 4 whole scores are cut, as by `scipy.stats.trim_mean`.
 *
 * @throws DqnError `invalid-option` on bad scores, or where tasks have different numbers of runs.
 */
export function interquartileMean(scores: Scores): number {
  const all = readScores('interquartileMean(scores)', scores, true).flat().sort(ascending);
  const cut = Math.floor(all.length / 4);
  return mean(all.slice(cut, all.length - cut));
}

/**
 * By how much scores fall short of a goal γ on average: `γ − mean min(x[n, m], γ)`; what lies above it counts as γ (Agarwal et al. 2021, section 4.3). Smaller
 * is better.
 *
 * @param goal - γ, the score that is good enough. Default 1.
 * @throws DqnError `invalid-option` on bad scores, where tasks have different numbers of runs, or where the goal is not finite.
 */
export function optimalityGap(scores: Scores, goal = 1): number {
  checkNumber('optimalityGap(goal)', goal);
  const all = readScores('optimalityGap(scores)', scores, true).flat();
  return goal - mean(all.map((score) => Math.min(score, goal)));
}

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Sorts numbers from the smallest on. */
export function ascending(a: number, b: number): number {
  return a - b;
}
