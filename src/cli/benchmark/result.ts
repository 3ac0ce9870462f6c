import { readJsonLines } from '../json-lines.ts';

/** What is kept of a run: one line of JSON. */
export interface BenchmarkResult {
  /** What was trained on: an id, or another name that a plan gives it. */
  readonly task: string;
  readonly preset: string;
  readonly seed: number;
  /** Environment steps. */
  readonly steps: number;
  /** Mean return and standard deviation of the final evaluation. */
  readonly mean: number;
  readonly std: number;
  /** Seconds of training; null where the run was resumed. */
  readonly seconds: number | null;
  /** The mean returns of the evaluations on the way, by step. */
  readonly evaluations: readonly (readonly [step: number, mean: number])[];
}

/** Two results with one key are of the same run. */
export function keyOf({ task, preset, seed }: Pick<BenchmarkResult, 'task' | 'preset' | 'seed'>): string {
  return JSON.stringify([task, preset, seed]);
}

/** All results in a file, the last of each run. */
export async function readResults(path: string): Promise<BenchmarkResult[]> {
  const results = ((await readJsonLines(path)) ?? []) as BenchmarkResult[];
  return [...new Map(results.map((result) => [keyOf(result), result])).values()];
}
