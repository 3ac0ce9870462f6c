import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

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

/** All results in a file, the last of each run; a line that a crash cut off is left out. */
export async function readResults(path: string): Promise<BenchmarkResult[]> {
  if (!existsSync(path)) return [];
  const results = new Map<string, BenchmarkResult>();
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const result = parse(line);
    if (result) results.set(keyOf(result), result);
  }
  return [...results.values()];
}

function parse(line: string): BenchmarkResult | undefined {
  try {
    return JSON.parse(line) as BenchmarkResult;
  } catch {
    return undefined;
  }
}

/** Adds a result to a file. */
export async function appendResult(path: string, result: BenchmarkResult): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // A line break before it too: it may follow a line that was cut off.
  await appendFile(path, `\n${JSON.stringify(result)}\n`);
}
