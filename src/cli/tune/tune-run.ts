import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Random } from '../../index.ts';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.ts';
import type { PartialConfiguration } from '../configuration/schema.ts';
import { JobsProgress } from '../run/jobs-progress.ts';
import { RunFolder } from '../run/run-folder.ts';
import { runJobs, type Job } from '../run/run-jobs.ts';
import { Halving } from './halving.ts';
import { nextPlace, type Place, type SamplerName } from './sampler.ts';
import { settingsAt, valueAt, type Point, type SearchSpace } from './search-space.ts';
import { ranked, StudyFile, type Trial } from './study-file.ts';

/** What is searched, and how long. */
export interface TuneOptions {
  readonly out: string;
  readonly resolved: ResolvedConfiguration;
  readonly space: SearchSpace;
  readonly sampler: SamplerName;
  /** Whether poor trials are stopped early; the first rung is at the first evaluation. */
  readonly halving: boolean;
  /** How many trials there are in the end. */
  readonly trials: number;
  /** Trials at a time. */
  readonly workers: number;
}

/** The point of a place. */
export function pointAt(space: SearchSpace, place: Place): Point {
  return Object.fromEntries(Object.entries(space).map(([name, range]) => [name, valueAt(range, place[name])]));
}

/** The configuration of a trial: that of the study, with the point in it. */
export function configurationOf({ resolved, space }: Pick<TuneOptions, 'resolved' | 'space'>, place: Place): PartialConfiguration {
  const { configuration } = resolved;
  return { ...configuration, agent: settingsAt(configuration.agent, pointAt(space, place)) };
}

/**
 * Runs trials until there are so many; those that were running when the study was interrupted go on first. With one process the same study has the same trials; with more, what a trial learns from depends on which others have ended.
 *
 * @returns all trials, and whether it was interrupted.
 */
export async function tuneRun(options: TuneOptions): Promise<{ trials: readonly Trial[]; interrupted: boolean }> {
  const { out, resolved, space, sampler, halving: halves, workers } = options;
  const { configuration } = resolved;
  const file = new StudyFile(join(out, 'study.jsonl'));
  const trials = new Map(
    (await file.open({ configuration, space, sampler, halving: halves })).map((trial) => [trial.number, trial]),
  );
  const halving = new Halving(configuration.evaluation.period);
  for (const { scores } of trials.values()) for (const [step, mean] of scores) halving.goesOn(step, mean);
  const byJob = new Map<Job, Trial>();
  const writing: Promise<void>[] = [];
  const jobOf = (trial: Trial): Job => {
    const job = { folder: join(out, 'trials', String(trial.number)), configuration: configurationOf(options, trial.place) };
    byJob.set(job, trial);
    return job;
  };
  function* jobs(): Generator<Job> {
    for (const trial of trials.values()) if (trial.state === 'running') yield jobOf(trial);
    while (trials.size < options.trials) {
      const number = trials.size + 1;
      const places = ranked([...trials.values()]).map(({ place }) => place);
      const random = new Random(configuration.seed).split(`trial ${number}`);
      const trial: Trial = { number, place: nextPlace(space, sampler, places, random), state: 'running', scores: [] };
      trials.set(number, trial);
      writing.push(file.add(trial));
      yield jobOf(trial);
    }
  }
  const change = (job: Job, what: Partial<Trial>): Trial => {
    const trial = { ...(byJob.get(job) as Trial), ...what };
    byJob.set(job, trial);
    trials.set(trial.number, trial);
    return trial;
  };
  const left = options.trials - [...trials.values()].filter(({ state }) => state !== 'running').length;
  const progress = new JobsProgress(Math.max(0, left), Math.max(0, left) * configuration.steps);
  const whole = await runJobs(jobs(), {
    workers,
    onMessage(job, { kind, step, mean }) {
      progress.step(job.folder, step);
      if (kind !== 'evaluation' || mean === undefined) return undefined;
      const { scores } = byJob.get(job) as Trial;
      // A trial that goes on after an interruption may tell an evaluation again.
      if (scores.some(([told]) => told === step)) return undefined;
      change(job, { scores: [...scores, [step, mean]] });
      return halving.goesOn(step, mean) || !halves ? undefined : 'stop';
    },
    async onEnd(job, outcome) {
      // Going on from its checkpoint, it will not tell these scores again.
      if (outcome.kind === 'interrupted') return file.add(byJob.get(job) as Trial);
      const { evaluation } = (await new RunFolder(job.folder).readReport()) ?? {};
      const { scores } = byJob.get(job) as Trial;
      const final = outcome.kind === 'finished' && evaluation ? [[configuration.steps + 1, evaluation.mean] as const] : [];
      const reason = outcome.kind === 'failed' ? outcome.reason : undefined;
      const trial = change(job, { state: outcome.kind, scores: [...scores, ...final], reason });
      await file.add(trial);
      await rm(join(job.folder, 'checkpoints'), { recursive: true, force: true });
      progress.end(`trial ${trial.number}`, `${outcome.kind}, mean return ${trial.scores.at(-1)?.[1].toFixed(1) ?? '–'}`);
    },
  });
  progress.stop();
  await Promise.all(writing);
  return { trials: [...trials.values()], interrupted: !whole };
}
