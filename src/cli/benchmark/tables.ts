import { bootstrapInterval, interquartileMean } from '../../workbench/index.ts';
import type { BenchmarkResult } from './result.ts';

/** What comes of one preset on one task. */
export interface BenchmarkRow {
  readonly preset: string;
  /** How many seeds. */
  readonly seeds: number;
  /** Of the mean returns of the seeds, with its 95 % bootstrap interval. */
  readonly interquartileMean: { readonly estimate: number; readonly low: number; readonly high: number };
  readonly lowest: number;
  readonly highest: number;
  /** Seeds whose evaluations have reached what counts as solved, and the median of the steps that these took; nothing where nothing counts so. */
  readonly solved?: { readonly seeds: number; readonly steps: number | null };
  /** Median seconds of training; null where all runs were resumed. */
  readonly seconds: number | null;
}

/** The rows of one task, the best first. */
export function benchmarkRows(results: readonly BenchmarkResult[], solved: number | undefined): BenchmarkRow[] {
  const presets = [...new Set(results.map(({ preset }) => preset))];
  const rows = presets.map((preset) =>
    rowOf(
      preset,
      results.filter((result) => result.preset === preset),
      solved,
    ),
  );
  return rows.sort((a, b) => b.interquartileMean.estimate - a.interquartileMean.estimate);
}

function rowOf(preset: string, results: readonly BenchmarkResult[], solved: number | undefined): BenchmarkRow {
  const means = results.map(({ mean }) => mean);
  const seconds = results.flatMap((result) => result.seconds ?? []);
  const row: BenchmarkRow = {
    preset,
    seeds: results.length,
    interquartileMean: bootstrapInterval(interquartileMean, [{ return: means }]),
    lowest: Math.min(...means),
    highest: Math.max(...means),
    seconds: median(seconds),
  };
  if (solved === undefined) return row;
  const steps = results.flatMap(({ evaluations }) => evaluations.find(([, mean]) => mean >= solved)?.[0] ?? []);
  return { ...row, solved: { seeds: steps.length, steps: median(steps) } };
}

/** Rows as a table of Markdown. */
export function markdownTable(rows: readonly BenchmarkRow[]): string {
  const lines = rows.map(({ preset, seeds, interquartileMean: { estimate, low, high }, lowest, highest, solved, seconds }) => {
    const reached =
      solved === undefined ? '' : solved.seeds === 0 ? `0 of ${seeds}` : `${solved.seeds} of ${seeds}, ${count(solved.steps)}`;
    const cells = [
      preset,
      `${digits(estimate)} [${digits(low)}, ${digits(high)}]`,
      `${digits(lowest)} to ${digits(highest)}`,
      reached,
    ];
    return `| ${[...cells, seeds, count(seconds)].join(' | ')} |`;
  });
  const head = ['preset', 'interquartile mean [95 %]', 'lowest to highest', 'solved, at step', 'seeds', 'seconds a run'];
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...lines].join('\n');
}

function digits(value: number): string {
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace('-', '−');
}

function count(value: number | null): string {
  return value === null ? '–' : Math.round(value).toLocaleString('en');
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
