import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveConfiguration } from '../configuration/resolve-configuration.ts';
import type { Configuration, PartialConfiguration } from '../configuration/schema.ts';
import { appendJsonLine } from '../json-lines.ts';
import { JobsProgress } from '../run/jobs-progress.ts';
import { RunFolder } from '../run/run-folder.ts';
import { runJobs, type Job } from '../run/run-jobs.ts';
import { checkSameRun } from '../run/same-run.ts';
import { keyOf, readResults, type BenchmarkResult } from './result.ts';

/** One environment with one preset, for all seeds. */
export interface BenchmarkTask {
  /** What it is called in the results. */
  readonly name: string;
  readonly configuration: PartialConfiguration & { readonly preset: string };
}

/** What to run, and where. */
export interface BenchmarkPlan {
  readonly tasks: readonly BenchmarkTask[];
  readonly seeds: readonly number[];
  /** Processes at a time. */
  readonly workers: number;
  /** The folder of the runs. */
  readonly out: string;
  /** The file that results are added to. */
  readonly results: string;
  /** The program that is the command `dqn`. Default: this one. */
  readonly command?: string;
}

/** How it went. */
export interface BenchmarkOutcome {
  readonly interrupted: boolean;
  /** Reasons by the folders of the runs that failed. */
  readonly failures: ReadonlyMap<string, string>;
}

interface PlannedRun extends Pick<BenchmarkResult, 'task' | 'preset' | 'seed' | 'steps'> {
  readonly job: Job;
}

/**
 * Runs what has no result yet, a seed of everything after the other, so that a benchmark that is cut short has fewer seeds of everything. Each run has a folder, from which it goes on when it
 * was interrupted; its checkpoints are removed when it has its result.
 *
 * @throws UserMistake where an environment or a preset is unknown, or a run that goes on was begun otherwise, before anything is run.
 */
export async function runBenchmark({ tasks, seeds, workers, out, results, command }: BenchmarkPlan): Promise<BenchmarkOutcome> {
  const known = new Set((await readResults(results)).map(keyOf));
  const open: PlannedRun[] = [];
  for (const seed of seeds) {
    for (const { name: task, configuration } of tasks) {
      const { configuration: whole } = await resolveConfiguration({ ...configuration, seed });
      const folder = join(out, task.replaceAll(/[^\w.-]+/g, '-'), configuration.preset, `seed${seed}`);
      const run = { task, preset: configuration.preset, seed, steps: whole.steps, job: { folder, configuration: whole } };
      if (known.has(keyOf(run))) continue;
      await checkBegun(new RunFolder(folder), whole);
      open.push(run);
    }
  }
  const byJob = new Map(open.map((run) => [run.job, run]));
  const progress = new JobsProgress(
    open.length,
    open.reduce((sum, { steps }) => sum + steps, 0),
  );
  const failures = new Map<string, string>();
  const finished = await runJobs(byJob.keys(), {
    workers,
    command,
    onMessage: ({ folder }, { step }) => progress.step(folder, step),
    async onEnd(job, outcome) {
      const result = outcome.kind === 'finished' ? await resultOf(byJob.get(job)) : undefined;
      if (result) {
        await appendJsonLine(results, result);
        await rm(join(job.folder, 'checkpoints'), { recursive: true, force: true });
      }
      if (outcome.kind === 'failed') failures.set(job.folder, outcome.reason);
      progress.end(job.folder, result ? `mean return ${result.mean.toFixed(1)}` : outcome.kind);
    },
  });
  progress.stop();
  return { interrupted: !finished, failures };
}

/** @throws UserMistake where the run in a folder would go on as another than is asked for. */
async function checkBegun(folder: RunFolder, asked: Configuration): Promise<void> {
  if (!folder.begun) return;
  const { configuration } = await resolveConfiguration(await folder.readConfiguration());
  checkSameRun(folder.path, configuration, asked, 'remove it, or choose another folder');
}

async function resultOf(run: PlannedRun | undefined): Promise<BenchmarkResult | undefined> {
  if (!run) return undefined;
  const { job, ...what } = run;
  const folder = new RunFolder(job.folder);
  const report = await folder.readReport();
  if (!report?.evaluation) return undefined;
  const points = await folder.readPoints('evaluations.csv');
  return {
    ...what,
    mean: round(report.evaluation.mean),
    std: round(report.evaluation.std),
    seconds: report.resumed ? null : round(report.seconds),
    evaluations: points.map(({ step, return: mean }) => [step, round(mean)] as const),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}
