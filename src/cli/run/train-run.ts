import { cpus } from 'node:os';
import { createAgent, evaluate, train, type Agent, type CheckpointSeries, type Evaluation } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { fileStore, openEventFile, openLogFile, saveCheckpoint, writeFileAtomic } from '../../node/index.ts';
import {
  csvLogger,
  jsonLinesLogger,
  keepBest,
  keepCheckpoints,
  logTraining,
  runTraining,
  tensorBoardLogger,
  type Callback,
} from '../../workbench/index.ts';
import { agentOptions } from '../configuration/agent-options.ts';
import type { Configuration } from '../configuration/schema.ts';
import type { ResolvedConfiguration } from '../configuration/resolve-configuration.ts';
import { learningCurve, type CurvePoint } from '../learning-curve.ts';
import { Progress } from '../progress.ts';
import { configuredActors } from './actors.ts';
import { packageVersion } from './package-version.ts';
import type { TrainingMessage } from './run-jobs.ts';
import type { RunFolder } from './run-folder.ts';

/** What came of a run; as JSON it is `run.json`. */
export interface RunReport {
  readonly status: 'finished' | 'interrupted';
  /** The environment step that it came to. */
  readonly step: number;
  readonly out: string;
  /** Seconds of training in this process, evaluations on the way included. */
  readonly seconds: number;
  /** Whether an earlier process had done a part of it. */
  readonly resumed: boolean;
  /** The best evaluation on the way, whose policy is in `best.safetensors`. */
  readonly best?: { readonly step: number; readonly mean: number };
  /** The final policy, evaluated; nothing where the run was interrupted. */
  readonly evaluation?: Evaluation;
}

/** How a run is driven. */
export interface TrainRunOptions {
  readonly folder: RunFolder;
  readonly resolved: ResolvedConfiguration;
  readonly resume: boolean;
  /** How many checkpoints stay. */
  readonly keep: number;
}

/** Trains as a configuration says and leaves everything in a folder; on Ctrl-C keeps a checkpoint and stops. */
export async function trainRun({ folder, resolved, resume, keep }: TrainRunOptions): Promise<RunReport> {
  const { configuration, environment } = resolved;
  const { steps, seed, evaluation } = configuration;
  const world = await environment.create(configuration.environmentOptions);
  const exam = await environment.create(configuration.environmentOptions);
  const agent = await createAgent<unknown, Timing>(world, await agentOptions(configuration));
  const checkpoints = folder.checkpoints(keep);
  const latest = resume ? await checkpoints.latest() : undefined;
  for (const { message } of latest?.damaged ?? []) console.error(`warning: a damaged checkpoint is passed over: ${message}`);
  // A run that died before its first checkpoint begins anew; what was told after a checkpoint is told again.
  const from = Number(latest?.name.split('.').at(-1) ?? 0);
  const episodes = from > 0 ? await folder.readPoints('episodes.csv', from) : [];
  const evaluations = from > 0 ? await folder.readPoints('evaluations.csv', from) : [];
  const save = async () => {
    await folder.writePoints('episodes.csv', episodes);
    await folder.writePoints('evaluations.csv', evaluations);
  };
  const machine = {
    library: packageVersion(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    platform: process.platform,
  };
  const about = { configuration, agent: agent.options, machine };
  if (!resume) await folder.writeJson('configuration.json', configuration);

  const evaluationSeed = 1_000_000 + seed;
  const actors = configuration.actors > 0 ? configuredActors(configuration) : undefined;
  const run = train(agent, actors ?? world, {
    steps,
    evaluation: { environment: exam, period: evaluation.period, episodes: evaluation.episodes, seed: evaluationSeed },
    resume: latest?.bytes,
  });
  const earlier = bestOf(evaluations);
  const best = keepBest({ agent, store: fileStore(folder.path), name: 'best', above: earlier?.mean });
  const progress = showProgress(agent, steps, episodes);
  const began = performance.now();
  try {
    const outcome = await runTraining(run, [
      ...(resume ? [keepConfiguration(folder, configuration)] : []),
      collect(episodes, evaluations),
      logTraining({
        agent,
        loggers: [
          csvLogger(await openLogFile(folder.file('log.csv'))),
          jsonLinesLogger(await openLogFile(folder.file('log.jsonl'))),
          tensorBoardLogger(await openEventFile(folder.file('tensorboard'))),
        ],
        period: configuration.logPeriod,
        hyperparameters: { environment: environment.id, preset: configuration.preset, seed, steps, engine: configuration.engine },
        gauges: { 'memory/heap': () => process.memoryUsage().heapUsed },
      }),
      best,
      warnOfProblems(),
      keepCheckpoints({ series: savingFirst(checkpoints, save), period: configuration.checkpointPeriod }),
      progress,
      ...(process.send ? [tellParent()] : []),
      stopOnInterrupt(),
    ]);
    await save();
    const seconds = (performance.now() - began) / 1000;
    const reached = { step: agent.step, out: folder.path, seconds, resumed: from > 0, best: best.best ?? earlier };
    if (outcome.kind !== 'finished') {
      const report: RunReport = { status: 'interrupted', ...reached };
      await folder.writeJson('run.json', { ...report, ...about });
      return report;
    }
    const title = `${environment.id}, ${configuration.preset}, seed ${seed}`;
    await writeFileAtomic(folder.file('learning-curve.svg'), new TextEncoder().encode(learningCurve(title, episodes)));
    await saveCheckpoint(folder.file('policy.safetensors'), await agent.savePolicy());
    const final = await evaluate(agent, exam, { episodes: evaluation.finalEpisodes, seed: evaluationSeed });
    const report: RunReport = { status: 'finished', ...reached, evaluation: final };
    await folder.writeJson('run.json', { ...report, ...about });
    return report;
  } finally {
    await actors?.close();
    agent.dispose();
    await Promise.all([world.close?.(), exam.close?.()]);
  }
}

function bestOf(evaluations: readonly CurvePoint[]): RunReport['best'] {
  let best: RunReport['best'];
  for (const { step, return: mean } of evaluations) if (!best || mean > best.mean) best = { step, mean };
  return best;
}

/** Writes the configuration of a run that goes on once it does: with numbers that do not fit its checkpoint it is refused, and must stay as it was. */
function keepConfiguration(folder: RunFolder, configuration: Configuration): Callback {
  let kept: Promise<void> | undefined;
  return {
    name: 'configuration',
    onEvent: () => (kept ??= folder.writeJson('configuration.json', configuration)),
  };
}

/** Keeps the points of the curves. */
function collect(episodes: CurvePoint[], evaluations: CurvePoint[]): Callback {
  return {
    name: 'collect',
    onEvent(event) {
      if (event.kind === 'episode') episodes.push({ step: event.step, return: event.return });
      else if (event.kind === 'evaluation') evaluations.push({ step: event.step, return: event.mean });
    },
  };
}

/** A series that has something else saved before each checkpoint, so that a run which dies in between has it. */
function savingFirst(series: CheckpointSeries, save: () => Promise<void>): CheckpointSeries {
  return {
    latest: () => series.latest(),
    async save(step, bytes) {
      await save();
      return series.save(step, bytes);
    },
  };
}

/** Says on standard error what went wrong and did not stop the run. */
function warnOfProblems(): Callback {
  return {
    name: 'problems',
    onEvent(event) {
      if (event.kind === 'problem') console.error(`warning: at step ${event.step}: ${event.error.message}`);
    },
  };
}

function showProgress(agent: Agent<unknown, Timing>, steps: number, episodes: readonly CurvePoint[]): Callback {
  let progress: Progress | undefined;
  return {
    name: 'progress',
    onEvent(event) {
      if (event.kind !== 'step') return;
      progress ??= new Progress(steps, event.step - 1);
      const recent = episodes.slice(-20);
      const mean = recent.reduce((sum, point) => sum + point.return, 0) / Math.max(1, recent.length);
      progress.update({ step: event.step, return: mean, epsilon: agent.options.explorer.rate?.(event.step) ?? 0 });
    },
    end() {
      progress?.stop();
    },
  };
}

/** Tells the process that began this one, if there is one, how far it is, at most five times a second, and what evaluations gave. */
function tellParent(): Callback {
  let told = 0;
  // Told nobody where that process has just died: without a listener to the failure this one would die of it, before it has kept a checkpoint.
  const send = (message: TrainingMessage) => void process.send?.(message, undefined, undefined, () => undefined);
  return {
    name: 'tellParent',
    onEvent(event) {
      if (event.kind === 'evaluation') send({ kind: 'evaluation', step: event.step, mean: event.mean });
      if (event.kind !== 'step' || performance.now() - told < 200) return;
      told = performance.now();
      send({ kind: 'step', step: event.step });
    },
  };
}

/** Ends a run at the first Ctrl-C; the second ends the process, as ever. */
function stopOnInterrupt(): Callback {
  let asked = false;
  const listen = () => {
    asked = true;
  };
  return {
    name: 'interrupt',
    begin() {
      process.once('SIGINT', listen);
      // The one that began this process has died.
      process.once('disconnect', listen);
    },
    onEvent() {
      return asked ? 'Ctrl-C' : undefined;
    },
    end() {
      process.removeListener('SIGINT', listen);
      process.removeListener('disconnect', listen);
    },
  };
}
