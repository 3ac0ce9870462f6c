import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrapInterval, interquartileMean, type Interval } from '../../workbench/index.ts';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.ts';
import { JobsProgress } from './jobs-progress.ts';
import { RunFolder } from './run-folder.ts';
import { runJobs, type Job } from './run-jobs.ts';

/** What came of one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly out: string;
  /** Mean return of the final evaluation; nothing where the run did not finish. */
  readonly mean?: number;
  /** Why it did not finish. */
  readonly failure?: string;
}

/** What came of several seeds. */
export interface SeedsReport {
  readonly status: 'finished' | 'interrupted' | 'failed';
  readonly out: string;
  readonly seeds: readonly SeedReport[];
  /** Of the mean returns of the seeds that have finished, with its 95 % bootstrap interval; nothing where none has. */
  readonly interquartileMean?: Interval;
}

/** How several seeds are trained. */
export interface TrainSeedsOptions {
  /** The folder that the folders of the runs are in. */
  readonly out: string;
  /** The first seed, and everything else of each run. */
  readonly resolved: ResolvedConfiguration;
  readonly seeds: number;
  /** Processes at a time. Default: one a core. */
  readonly workers?: number;
  /** Checkpoints that stay of each run. */
  readonly keep: number;
}

/** The folders of seeds in a folder in which a run has begun, by seed. */
export async function seedFolders(out: string): Promise<RunFolder[]> {
  const names = await readdir(out).catch(() => []);
  const seeds = names.flatMap((name) => /^seed(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return seeds
    .sort((a, b) => a - b)
    .map((seed) => folderOf(out, seed))
    .filter(({ begun }) => begun);
}

function folderOf(out: string, seed: number): RunFolder {
  return new RunFolder(join(out, `seed${seed}`));
}

/**
 * Trains the same with several seeds, in processes of their own; runs that have finished in the folder are not run again, and those that have begun, or finished after fewer
 * steps, go on.
 */
export async function trainSeeds({
  out,
  resolved,
  seeds,
  workers = availableParallelism(),
  keep,
}: TrainSeedsOptions): Promise<SeedsReport> {
  const { configuration } = resolved;
  const jobs = Array.from({ length: seeds }, (_, i): Job => {
    const seed = configuration.seed + i;
    return { folder: folderOf(out, seed).path, configuration: { ...configuration, seed }, steps: configuration.steps };
  });
  const open: Job[] = [];
  for (const job of jobs) if ((await finalMean(job)) === undefined) open.push(job);
  const progress = new JobsProgress(open.length, open.length * configuration.steps);
  const failures = new Map<Job, string>();
  const whole = await runJobs(open, {
    workers,
    keep,
    onMessage: ({ folder }, { step }) => progress.step(folder, step),
    async onEnd(job, outcome) {
      if (outcome.kind === 'failed') failures.set(job, outcome.reason);
      const mean = await finalMean(job);
      progress.end(job.folder, outcome.kind === 'finished' ? `mean return ${mean?.toFixed(1)}` : outcome.kind);
    },
  });
  progress.stop();
  const reports: SeedReport[] = [];
  for (const [i, job] of jobs.entries()) {
    const mean = await finalMean(job);
    reports.push({ seed: configuration.seed + i, out: job.folder, mean, failure: failures.get(job) });
  }
  const means = reports.flatMap(({ mean }) => mean ?? []);
  const status = failures.size > 0 ? 'failed' : whole ? 'finished' : 'interrupted';
  if (means.length === 0) return { status, out, seeds: reports };
  const interval = bootstrapInterval(interquartileMean, [{ return: means }]);
  return { status, out, seeds: reports, interquartileMean: interval };
}

/** The mean return at the end of a run; nothing where it has not come there. */
async function finalMean({ folder, steps = 0 }: Job): Promise<number | undefined> {
  const report = await new RunFolder(folder).readReport();
  return report && report.step >= steps ? report.evaluation?.mean : undefined;
}
