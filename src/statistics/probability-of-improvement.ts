import { DqnError } from '../common/errors.ts';
import { mean } from './aggregates.ts';
import { isMatrix, readScores, type Scores } from './scores.ts';

/**
 * The probability that a run of X beats a run of Y on a task drawn at random: `mean_m P(X_m > Y_m)`, each from all pairs of runs, where a tie counts half
 * (the Mann–Whitney U statistic over the number of pairs; Agarwal et al. 2021, section 4.3). X and Y may have different numbers of runs.
 *
 * @throws DqnError `invalid-option` on bad scores, or where X and Y are not on the same tasks.
 */
export function probabilityOfImprovement(x: Scores, y: Scores): number {
  const where = 'probabilityOfImprovement(x, y)';
  const better = readScores(where, x, false);
  const worse = readScores(where, y, false);
  const [tasks, others] = [taskNames(x), taskNames(y)];
  if (tasks.length !== others.length || isMatrix(x) !== isMatrix(y) || tasks.some((task) => !others.includes(task))) {
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: 'scores of the same tasks, in the same form',
      received: `tasks ${tasks.join(', ')} and ${others.join(', ')}`,
      remedy: 'Compare on the tasks that both have been run on.',
    });
  }
  return mean(better.map((runs, task) => beats(runs, worse[others.indexOf(tasks[task])])));
}

function taskNames(scores: Scores): string[] {
  return isMatrix(scores) ? scores[0].map((_, task) => String(task)) : Object.keys(scores);
}

function beats(x: readonly number[], y: readonly number[]): number {
  let twice = 0;
  for (const a of x) for (const b of y) twice += a > b ? 2 : a === b ? 1 : 0;
  return twice / (2 * x.length * y.length);
}
