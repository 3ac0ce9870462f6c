import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { INTERRUPTED } from '../interrupted.ts';
import type { PartialConfiguration } from '../configuration/schema.ts';
import { RunFolder } from './run-folder.ts';

/** A training run for a process of its own. */
export interface Job {
  /** Where its files go; a run that has begun there goes on. */
  readonly folder: string;
  readonly configuration: PartialConfiguration;
  /** Makes a run that has begun with fewer steps as long. Default: it stays as it is. */
  readonly steps?: number;
}

/** How a job ended; an interrupted one goes on when it is run again. */
export type JobOutcome =
  { readonly kind: 'finished' | 'interrupted' | 'stopped' } | { readonly kind: 'failed'; readonly reason: string };

/** How jobs are run. */
export interface RunJobsOptions {
  /** Processes at a time. */
  readonly workers: number;
  /** The program that is the command `dqn`. Default: this one. */
  readonly command?: string;
  /** Checkpoints that stay of each run. Default: as many as of one alone. */
  readonly keep?: number;
  /** Tells what a job has come to; the answer `stop` ends it there. */
  readonly onMessage?: (job: Job, message: TrainingMessage) => 'stop' | undefined;
  readonly onEnd?: (job: Job, outcome: JobOutcome) => void | Promise<void>;
}

/** What a training process tells the one that began it: the environment step it has come to, now and then, and the mean return of every evaluation. */
export interface TrainingMessage {
  readonly kind: 'step' | 'evaluation';
  readonly step: number;
  /** Of an evaluation. */
  readonly mean?: number;
}

/** How much of what a failed process has said is kept. */
const TAIL = 2_000;

/**
 * Runs training runs in processes, so many at a time: `dqn train --resume --out <folder>` for each. Ctrl-C lets each keep a checkpoint and begins no more; when this process dies,
 * they keep a checkpoint and end too.
 *
 * @param jobs - each is asked for when there is a process for it.
 * @returns false if it was interrupted.
 */
export async function runJobs(jobs: Iterable<Job>, { workers, command, keep, onMessage, onEnd }: RunJobsOptions): Promise<boolean> {
  const waiting = jobs[Symbol.iterator]();
  const running = new Set<ChildProcess>();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    for (const child of running) child.kill('SIGINT');
  };
  process.on('SIGINT', interrupt);
  const work = async () => {
    for (;;) {
      const next = interrupted ? undefined : waiting.next();
      if (!next || next.done) return;
      const job = next.value;
      const folder = new RunFolder(job.folder);
      if (!folder.begun) await folder.writeJson('configuration.json', job.configuration);
      // Meanwhile it may have been interrupted, which a process begun now would not hear.
      if (interrupted) return;
      const child = startTraining(job, keep, command);
      running.add(child);
      let stopped = false;
      child.on('message', (message: TrainingMessage) => {
        if (stopped || onMessage?.(job, message) !== 'stop') return;
        stopped = true;
        child.kill('SIGINT');
      });
      const outcome = await outcomeOf(child);
      running.delete(child);
      await onEnd?.(job, stopped && outcome.kind === 'interrupted' ? { kind: 'stopped' } : outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
  return !interrupted;
}

function startTraining({ folder, steps }: Job, keep: number | undefined, command = process.argv[1]): ChildProcess {
  // A process group of its own: Ctrl-C in the terminal reaches this process alone, which passes it on once.
  const options = { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] as ('ignore' | 'pipe' | 'ipc')[] };
  const kept = keep === undefined ? [] : ['--keep', String(keep)];
  const longer = steps === undefined ? [] : ['--steps', String(steps)];
  return fork(command, ['train', '--resume', '--json', ...kept, ...longer, '--out', folder], options);
}

async function outcomeOf(child: ChildProcess): Promise<JobOutcome> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-TAIL);
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return { kind: 'finished' };
    // The signal itself ends a process that has not come so far as to mind it.
    if (code === INTERRUPTED || signal === 'SIGINT') return { kind: 'interrupted' };
    return { kind: 'failed', reason: said.trim() || `it ended with ${signal ?? `code ${code}`}` };
  } catch (error) {
    return { kind: 'failed', reason: (error as Error).message };
  }
}
