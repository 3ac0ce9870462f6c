import { Command, Option } from 'commander';
import { lengthened } from '../configuration/lengthened.ts';
import { checkConfiguration, readConfiguration } from '../configuration/read-configuration.ts';
import { overlay, resolveConfiguration } from '../configuration/resolve-configuration.ts';
import type { AgentSettings, Configuration, PartialConfiguration } from '../configuration/schema.ts';
import { INTERRUPTED } from '../interrupted.ts';
import { number, schedule, scheduleOrLadder, wholeNumber, wholeNumbers } from '../parse.ts';
import { printTable } from '../print.ts';
import { RunFolder } from '../run/run-folder.ts';
import { checkSameRun } from '../run/same-run.ts';
import { seedFolders, trainSeeds, type SeedsReport } from '../run/train-seeds.ts';
import { trainRun, type RunReport } from '../run/train-run.ts';
import { UserMistake } from '../user-mistake.ts';

interface TrainFlags extends AgentSettings {
  readonly preset?: string;
  readonly numbers?: 'tuned' | 'paper';
  readonly config?: string;
  readonly steps?: number;
  readonly seed?: number;
  readonly actors?: number;
  readonly engine?: string;
  readonly out?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly evaluationPeriod?: number;
  readonly evaluationEpisodes?: number;
  readonly finalEpisodes?: number;
  readonly checkpointPeriod?: number;
  readonly logPeriod?: number;
  readonly keep: number;
  readonly seeds?: number;
  readonly workers?: number;
}

/** `dqn train` */
export function trainCommand(): Command {
  return new Command('train')
    .description('Train an agent, and leave its logs, checkpoints, curve and policies in a folder.')
    .argument('[environment]', 'an id (dqn environments), a module and its export (./my-env.js#MyEnv), or gymnasium:Id of Python')
    .option('-p, --preset <name>', 'where to start from (dqn presets; default: default)')
    .option('-c, --config <file>', 'a configuration as .json, .js, .mjs or .ts; options count before it')
    .addOption(
      new Option(
        '--numbers <which>',
        "its numbers: tuned for the environment, or the paper's (default: tuned where there are)",
      ).choices(['tuned', 'paper']),
    )
    .option('-n, --steps <count>', 'environment steps (default: 50000, or what the tuned settings take)', wholeNumber(1))
    .option('-s, --seed <number>', 'seeds everything (default: 1)', wholeNumber(0))
    .option('--seeds <count>', 'so many runs, with seeds from --seed on, each in a folder of its own', wholeNumber(1))
    .option('--workers <count>', 'runs at a time, with --seeds (default: one a core)', wholeNumber(1))
    .option(
      '--actors <count>',
      'worker threads that take the steps, each in an environment of its own (default: 0, none)',
      wholeNumber(0),
    )
    .option('-e, --engine <name>', 'wasm, or tfjs:cpu|wasm|webgpu|node|node-gpu (default: wasm)')
    .option('-o, --out <folder>', 'where the files go (default: runs/<environment>-<preset>-seed<seed>)')
    .option('--resume', 'go on from the last checkpoint in the folder; with more --steps, beyond its end')
    .option('--keep <count>', 'checkpoints that stay', wholeNumber(1), 2)
    .option('--json', 'print the result as JSON')
    .optionsGroup('Evaluation and files:')
    .option('--evaluation-period <steps>', 'steps between evaluations (default: a twentieth of all)', wholeNumber(1))
    .option('--evaluation-episodes <count>', 'episodes of each (default: 10)', wholeNumber(1))
    .option('--final-episodes <count>', 'episodes of the final evaluation (default: 100)', wholeNumber(1))
    .option('--checkpoint-period <steps>', 'steps between checkpoints (default: a tenth of all)', wholeNumber(1))
    .option('--log-period <steps>', 'steps between lines of the logs (default: 1000)', wholeNumber(1))
    .optionsGroup('Hyperparameters, in place of those of the preset:')
    .option('--hidden <widths>', 'widths of the hidden layers: 128,128', wholeNumbers)
    .addOption(new Option('--optimizer <name>', 'the rule of descent').choices(['adam', 'adamW', 'rmsprop', 'sgd']))
    .option('--learning-rate <rate>', 'η, or from:to:steps, from:to:20% of the run, or from:to over all of it', schedule)
    .option('--optimizer-epsilon <epsilon>', 'what adam, adamW and rmsprop add to what they divide by', number)
    .option('--discount <gamma>', 'γ', number)
    .option('--batch-size <count>', 'transitions in an update', wholeNumber(1))
    .option('--replay-capacity <count>', 'transitions that are kept', wholeNumber(1))
    .option('--n-step <count>', 'rewards before a target bootstraps', wholeNumber(1))
    .option('--epsilon <rate>', 'ε, as the learning rate, or ladder: one for each actor, as in Ape-X', scheduleOrLadder)
    .addOption(new Option('--noise-hold <time>', 'how long noisy layers keep their noise').choices(['step', 'episode']))
    .option('--sigma <sigma>', 'σ₀ of noisy layers', number)
    .option('--heads <count>', 'heads of bootstrapped DQN', wholeNumber(2))
    .option('--prior-scale <beta>', 'β of a random prior beside the network, which never learns', number)
    .option('--target-period <steps>', 'steps between copies into the target network', wholeNumber(1))
    .option('--target-rate <tau>', 'τ of a target network that follows every update, in place of copies', number)
    .option('--averaged-targets <count>', 'target networks that averaged DQN averages', wholeNumber(2))
    .option('--munchausen-alpha <alpha>', 'α of Munchausen-DQN: the share of the bonus', number)
    .option('--munchausen-temperature <tau>', 'its τ: what a nat of entropy is worth', number)
    .option('--munchausen-clip <least>', 'its l₀: the least bonus', number)
    .option('--learning-starts <steps>', 'steps before the first update', wholeNumber(0))
    .option('--learn-period <steps>', 'steps between rounds of updates', wholeNumber(1))
    .option('--updates-per-round <count>', 'updates in a round', wholeNumber(1))
    .option('--max-gradient-norm <norm>', 'clips the gradient', number)
    .option('--v-min <value>', 'lowest atom of a categorical head', number)
    .option('--v-max <value>', 'highest atom of a categorical head', number)
    .option('--atoms <count>', 'atoms of a categorical head', wholeNumber(2))
    .option('--quantiles <count>', 'quantiles of a head of quantiles, or fractions of FQF', wholeNumber(1))
    .option('--quantile-samples <count>', 'quantiles that IQN draws, of a prediction and of a target', wholeNumber(1))
    .option('--priority-exponent <alpha>', 'α of prioritized replay', number)
    .option('--importance-exponent <beta>', 'β of prioritized replay, as the learning rate', schedule)
    .option('--units <count>', 'units of a memory, and of the streams behind it', wholeNumber(1))
    .option('--sequence-length <steps>', 'steps of a sequence that are learned from', wholeNumber(1))
    .option('--burn-in <steps>', 'steps before them that warm the memory up', wholeNumber(0))
    .action(async (environment: string | undefined, flags: TrainFlags) => {
      const report = await (flags.seeds === undefined ? runTrain(environment, flags) : runSeeds(environment, flags, flags.seeds));
      if (flags.json) console.log(JSON.stringify(report));
      else if ('seeds' in report) printSeeds(report);
      else print(report);
      if (report.status === 'interrupted') process.exitCode = INTERRUPTED;
      if (report.status === 'failed') process.exitCode = 1;
    });
}

async function readGiven(environment: string | undefined, flags: TrainFlags): Promise<PartialConfiguration> {
  const file = flags.config === undefined ? {} : await readConfiguration(flags.config);
  return overlay(file, checkConfiguration('options', fromFlags(environment, flags)));
}

async function runSeeds(environment: string | undefined, flags: TrainFlags, seeds: number): Promise<SeedsReport> {
  const given = await readGiven(environment, flags);
  if (flags.resume && flags.out === undefined) throw new UserMistake('Which runs? Add --out, the folder that they are in.');
  const out = flags.out ?? defaultFolder((await resolveConfiguration(given)).configuration).replace(/-seed\d+$/, '');
  const begun = await begunSeeds(out);
  if (begun.length > 0 && !flags.resume) {
    throw new UserMistake(`${out} holds runs already: go on with --resume, or choose another --out.`);
  }
  // Where they were being made longer, some have not begun with that.
  const steps = given.steps ?? Math.max(...begun.map(({ own }) => own.steps));
  const resolved = await resolveConfiguration(overlay(begun.length > 0 ? lengthened(begun[0].own, steps) : {}, given));
  for (const { path, own } of begun) checkSameRun(path, lengthened(own, steps), { ...resolved.configuration, seed: own.seed });
  if (new RunFolder(out).begun) throw new UserMistake(`${out} holds a single run: choose another --out.`);
  return trainSeeds({ out, resolved, seeds, workers: flags.workers, keep: flags.keep });
}

/** The runs of seeds in a folder, with what each was begun with. */
async function begunSeeds(out: string): Promise<{ readonly path: string; readonly own: Configuration }[]> {
  const folders = await seedFolders(out);
  const configurations = await Promise.all(folders.map(async (each) => resolveConfiguration(await each.readConfiguration())));
  return folders.map(({ path }, i) => ({ path, own: configurations[i].configuration }));
}

async function runTrain(environment: string | undefined, flags: TrainFlags): Promise<RunReport> {
  if (flags.workers !== undefined) throw new UserMistake('One run has no use for --workers: add --seeds, or ask for --actors.');
  const given = await readGiven(environment, flags);
  if (flags.resume && flags.out !== undefined) {
    const folder = new RunFolder(flags.out);
    const { configuration: begun } = await resolveConfiguration(await folder.readConfiguration());
    const whole = lengthened(begun, given.steps ?? 0);
    const resolved = await resolveConfiguration(overlay(whole, given));
    // Beyond its end it is another run, whose agent may be told other numbers.
    const { agent } = whole === begun ? begun : resolved.configuration;
    checkSameRun(folder.path, { ...whole, agent }, resolved.configuration);
    return trainRun({ folder, resolved, resume: true, keep: flags.keep });
  }
  const resolved = await resolveConfiguration(given);
  const { configuration } = resolved;
  const folder = new RunFolder(flags.out ?? defaultFolder(configuration));
  if (flags.resume) return runTrain(environment, { ...flags, out: folder.path });
  if (folder.begun) throw new UserMistake(`${folder.path} holds a run already: go on with --resume, or choose another --out.`);
  return trainRun({ folder, resolved, resume: false, keep: flags.keep });
}

function fromFlags(environment: string | undefined, flags: TrainFlags): PartialConfiguration {
  const {
    preset,
    numbers,
    config: _config,
    steps,
    seed,
    actors,
    engine,
    out: _out,
    resume: _resume,
    json: _json,
    keep: _keep,
    seeds: _seeds,
    workers: _workers,
    ...others
  } = flags;
  const { evaluationPeriod, evaluationEpisodes, finalEpisodes, checkpointPeriod, logPeriod, ...agent } = others;
  const evaluation = { period: evaluationPeriod, episodes: evaluationEpisodes, finalEpisodes };
  return { environment, preset, numbers, steps, seed, actors, engine, agent, evaluation, checkpointPeriod, logPeriod };
}

function defaultFolder({ environment, preset, seed }: Configuration): string {
  const name = environment
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `runs/${name}-${preset}-seed${seed}`;
}

function print({ status, step, out, best, evaluation }: RunReport): void {
  if (status === 'interrupted') {
    console.log(`Stopped at step ${step}. Go on with:  dqn train --resume --out ${out}`);
    return;
  }
  if (evaluation) {
    const { episodes, mean, std, min, max } = evaluation;
    console.log(`Evaluation over ${episodes} episodes: mean ${mean.toFixed(1)} ± ${std.toFixed(1)} (min ${min}, max ${max})`);
  }
  if (best) console.log(`Best on the way: ${best.mean.toFixed(1)} at step ${best.step} (best.safetensors)`);
  console.log(`Logs, curve and policy are in ${out}`);
}

function printSeeds({ seeds, out, status, interquartileMean }: SeedsReport): void {
  printTable(
    ['seed', 'mean return', 'folder'],
    seeds.map(({ seed, mean, failure, out: folder }) => [seed, mean?.toFixed(1) ?? failure ?? 'not finished', folder]),
  );
  if (interquartileMean) {
    const { estimate, low, high } = interquartileMean;
    console.log(`Interquartile mean ${estimate.toFixed(1)}, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}`);
  }
  if (status === 'interrupted') console.log(`Stopped. Go on with:  dqn train --resume --seeds ${seeds.length} --out ${out}`);
}
