import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { writeFileAtomic } from '../../node/index.ts';
import { resolveConfiguration } from '../configuration/resolve-configuration.ts';
import { wholeNumber } from '../parse.ts';
import { findPreset, type RegisteredPreset } from '../presets.ts';
import { printTable } from '../print.ts';
import { INTERRUPTED } from '../interrupted.ts';
import { importance } from '../tune/importance.ts';
import type { SamplerName } from '../tune/sampler.ts';
import { ordinarySpace, readSpace } from '../tune/search-space.ts';
import { ranked } from '../tune/study-file.ts';
import { configurationOf, pointAt, tuneRun } from '../tune/tune-run.ts';
import { tuningPlot } from '../tune/tuning-plot.ts';
import { UserMistake } from '../user-mistake.ts';

interface TuneFlags {
  readonly preset: string;
  readonly trials: number;
  readonly steps?: number;
  readonly seed: number;
  readonly space?: string;
  readonly sampler: SamplerName;
  readonly halving: boolean;
  readonly finalEpisodes: number;
  readonly workers: number;
  readonly out: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `dqn tune` */
export function tuneCommand(): Command {
  return new Command('tune')
    .description('Look for the hyperparameters that suit an environment best.')
    .argument('<environment>', 'an id (dqn environments), a module and its export (./my-env.js#MyEnv), or gymnasium:Id of Python')
    .option('-p, --preset <name>', 'whose hyperparameters (dqn presets)', 'default')
    .option('--trials <count>', 'trials there are in the end', wholeNumber(1), 50)
    .option('-n, --steps <count>', 'environment steps of a trial (default: what the tuned numbers take)', wholeNumber(1))
    .option('-s, --seed <number>', 'seeds everything', wholeNumber(0), 1)
    .option(
      '--space <file>',
      'ranges as JSON: { "batchSize": { "choices": [32, 64] }, "nStep": { "low": 1, "high": 5, "whole": true } }',
    )
    .addOption(new Option('--sampler <name>', 'how trials are chosen').choices(['tpe', 'random']).default('tpe'))
    .option('--no-halving', 'let poor trials go on to their end')
    .option('--final-episodes <count>', 'episodes that a finished trial is judged by', wholeNumber(1), 100)
    .option('--workers <count>', 'trials at a time', wholeNumber(1), availableParallelism())
    .option('-o, --out <folder>', 'where the files go', 'runs/tune')
    .option('--resume', 'go on with the study in the folder')
    .option('--json', 'print the result as JSON')
    .action(async (environment: string, flags: TuneFlags) => {
      const report = await tune(environment, flags);
      if (flags.json) console.log(JSON.stringify(report));
      else print(report);
      if (report.status === 'interrupted') process.exitCode = INTERRUPTED;
      else if (!report.best) process.exitCode = 1;
    });
}

async function tune(environment: string, flags: TuneFlags) {
  const { preset, seed, out, sampler, halving, trials: count, workers, finalEpisodes } = flags;
  if (existsSync(join(out, 'study.jsonl')) && !flags.resume) {
    throw new UserMistake(`${out} holds a study already: go on with --resume, or choose another --out.`);
  }
  const found = await resolveConfiguration({ environment, preset, seed, steps: flags.steps });
  const { steps } = found.configuration;
  // Rungs are at ninths of a trial, so it is evaluated there.
  const evaluation = { period: Math.max(1, Math.floor(steps / 9)), episodes: 10, finalEpisodes };
  const resolved = { ...found, configuration: { ...found.configuration, evaluation, checkpointPeriod: steps } };
  const registered = findPreset(preset) as RegisteredPreset;
  const space =
    flags.space === undefined ? ordinarySpace(registered, found.configuration.agent) : await readSpace(flags.space, registered);
  const { trials, interrupted } = await tuneRun({ out, resolved, space, sampler, halving, trials: count, workers });
  const order = ranked(trials);
  const shares = importance(
    space,
    order.map(({ place }) => place),
  );
  const best = order.find(({ state }) => state === 'finished');
  const title = `${environment}, ${preset}: ${order.length} trials`;
  await writeFileAtomic(join(out, 'tuning.svg'), tuningPlot(title, trials, shares));
  if (best) {
    const { steps: whole, agent } = configurationOf({ resolved, space }, best.place);
    const configuration = { environment: resolved.configuration.environment, preset, steps: whole, agent };
    await writeFileAtomic(join(out, 'best.json'), `${JSON.stringify(configuration, undefined, 2)}\n`);
  }
  const rows = order.slice(0, 5).map(({ number, state, scores, place }) => ({
    trial: number,
    state,
    score: scores.at(-1)?.[1] ?? null,
    point: pointAt(space, place),
  }));
  return {
    status: interrupted ? 'interrupted' : 'finished',
    out,
    trials: trials.length,
    failures: trials.flatMap(({ number, reason }) => (reason === undefined ? [] : [{ trial: number, reason }])),
    best: best && { trial: best.number, score: best.scores.at(-1)?.[1] ?? null, point: pointAt(space, best.place) },
    leaders: rows,
    importance: shares ?? null,
  };
}

function print({ status, out, leaders, failures, best, importance: shares }: Awaited<ReturnType<typeof tune>>): void {
  const names = Object.keys(leaders[0]?.point ?? {});
  printTable(
    ['trial', 'mean return', ...names],
    leaders.map(({ trial, score, point }) => [
      trial,
      score?.toFixed(1) ?? '–',
      ...names.map((name) => JSON.stringify(point[name])),
    ]),
  );
  if (shares) {
    const order = Object.entries(shares).sort(([, a], [, b]) => b - a);
    console.log(`What mattered: ${order.map(([name, share]) => `${name} ${Math.round(share * 100)} %`).join(', ')}`);
  }
  for (const { trial, reason } of failures) console.error(`error: trial ${trial} failed: ${reason}`);
  if (best) console.log(`Train with the best:  dqn train --config ${join(out, 'best.json')}`);
  else console.log('No trial has finished.');
  if (status === 'interrupted') console.log(`Stopped. The same command with --resume goes on.`);
}
