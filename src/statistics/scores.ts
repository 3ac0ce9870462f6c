import { DqnError, describe } from '../common/errors.ts';

/**
 * The scores of an algorithm: `scores[run][task]`, or the scores of the runs of each task by the task's name. Scores of different tasks should be on one scale:
 * 0 for a random policy and 1 for a person or the best known, for example.
 */
export type Scores = readonly (readonly number[])[] | Readonly<Record<string, readonly number[]>>;

/** Checked scores by task: `[task][run]`. */
export type TaskScores = readonly (readonly number[])[];

/**
 * Checks scores, and turns them to tasks first.
 * @param pooled - whether the runs of all tasks are thrown together, so that every task must have as many as the others.
 * @throws DqnError `invalid-option` where there is no task or no run, a score is not finite, runs lack tasks, or the numbers of runs differ where they must not.
 */
export function readScores(where: string, scores: Scores, pooled: boolean): TaskScores {
  if (isMatrix(scores)) return readMatrix(where, scores);
  if (typeof scores !== 'object' || scores === null) throw refuse(where, 'a matrix or an object of lists', describe(scores));
  const tasks = Object.entries(scores);
  if (tasks.length === 0) throw refuse(where, 'at least one task', 'none');
  const [[first, { length }]] = tasks;
  for (const [name, runs] of tasks) {
    const place = `${where}[${describe(name)}]`;
    readNumbers(place, runs);
    if (pooled && runs.length !== length) throw refuse(place, `${length} runs, as ${describe(first)} has`, `${runs.length}`);
  }
  return tasks.map(([, runs]) => runs);
}

/** Tells the two forms of scores apart. */
export function isMatrix(scores: Scores): scores is readonly (readonly number[])[] {
  return Array.isArray(scores);
}

function readMatrix(where: string, scores: readonly (readonly number[])[]): TaskScores {
  if (scores.length === 0) throw refuse(where, 'at least one run', 'none');
  for (const [run, row] of scores.entries()) {
    readNumbers(`${where}[${run}]`, row);
    if (row.length !== scores[0].length) {
      throw refuse(`${where}[${run}]`, `${scores[0].length} scores, one a task, as run 0 has`, `${row.length}`);
    }
  }
  return scores[0].map((_, task) => scores.map((row) => row[task]));
}

function readNumbers(where: string, values: readonly number[]): void {
  if (!Array.isArray(values) || values.length === 0) throw refuse(where, 'a list of at least one score', describe(values));
  for (const [i, value] of values.entries()) {
    if (!Number.isFinite(value)) throw refuse(`${where}[${i}]`, 'a finite number', describe(value));
  }
}

function refuse(where: string, expected: string, received: string): DqnError {
  const remedy = 'Pass scores[run][task] without gaps, or the scores of the runs by task.';
  return new DqnError({ code: 'invalid-option', where, expected, received, remedy });
}
