import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { checkConfiguration, readConfiguration } from '../configuration/read-configuration.ts';
import { overlay, resolveConfiguration } from '../configuration/resolve-configuration.ts';
import type { AgentSettings, Configuration, PartialConfiguration } from '../configuration/schema.ts';
import { INTERRUPTED } from '../interrupted.ts';
import { number, schedule, wholeNumber, wholeNumbers } from '../parse.ts';
import { RunFolder } from '../run/run-folder.ts';
import { trainRun, type RunReport } from '../run/train-run.ts';
import { UserMistake } from '../user-mistake.ts';

interface TrainFlags extends AgentSettings {
  readonly preset?: string;
  readonly config?: string;
  readonly steps?: number;
  readonly seed?: number;
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
}

/** `dqn train` */
export function trainCommand(): Command {
  return new Command('train')
    .description('Train an agent, and leave its logs, checkpoints, curve and policies in a folder.')
    .argument('[environment]', 'an id (dqn environments), or a module and its export: ./my-env.js#MyEnv')
    .option('-p, --preset <name>', 'where to start from (dqn presets; default: tuned, or default)')
    .option('-c, --config <file>', 'a configuration as .json, .js, .mjs or .ts; options count before it')
    .option('-n, --steps <count>', 'environment steps (default: 50000, or what the tuned settings take)', wholeNumber(1))
    .option('-s, --seed <number>', 'seeds everything (default: 1)', wholeNumber(0))
    .option('-e, --engine <name>', 'wasm, or tfjs:cpu|wasm|webgpu|node|node-gpu (default: wasm)')
    .option('-o, --out <folder>', 'where the files go (default: runs/<environment>-<preset>-seed<seed>)')
    .option('--resume', 'go on from the last checkpoint in the folder')
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
    .option('--learning-rate <rate>', 'η, or from:to:steps', schedule)
    .option('--discount <gamma>', 'γ', number)
    .option('--batch-size <count>', 'transitions in an update', wholeNumber(1))
    .option('--replay-capacity <count>', 'transitions that are kept', wholeNumber(1))
    .option('--n-step <count>', 'rewards before a target bootstraps', wholeNumber(1))
    .option('--epsilon <rate>', 'ε, or from:to:steps', schedule)
    .option('--target-period <steps>', 'steps between copies into the target network', wholeNumber(1))
    .option('--learning-starts <steps>', 'steps before the first update', wholeNumber(0))
    .option('--learn-period <steps>', 'steps between rounds of updates', wholeNumber(1))
    .option('--updates-per-round <count>', 'updates in a round', wholeNumber(1))
    .option('--max-gradient-norm <norm>', 'clips the gradient', number)
    .option('--v-min <value>', 'lowest atom of a categorical head', number)
    .option('--v-max <value>', 'highest atom of a categorical head', number)
    .action(async (environment: string | undefined, flags: TrainFlags) => {
      const report = await runTrain(environment, flags);
      if (flags.json) console.log(JSON.stringify(report));
      else print(report);
      if (report.status === 'interrupted') process.exitCode = INTERRUPTED;
    });
}

async function runTrain(environment: string | undefined, flags: TrainFlags): Promise<RunReport> {
  const file = flags.config === undefined ? {} : await readConfiguration(flags.config);
  const given = overlay(file, checkConfiguration('options', fromFlags(environment, flags)));
  if (flags.resume && flags.out !== undefined) {
    const folder = new RunFolder(flags.out);
    const begun = await folder.readConfiguration();
    const resolved = await resolveConfiguration(begun);
    // Something that was given again must be as it was, or the run would not be the same run.
    const asked = await resolveConfiguration(overlay(begun, given));
    const differing = Object.keys(asked.configuration).filter(
      (key) =>
        !isDeepStrictEqual(asked.configuration[key as keyof Configuration], resolved.configuration[key as keyof Configuration]),
    );
    if (differing.length > 0) {
      throw new UserMistake(`The run in ${flags.out} was begun with another ${differing.join(', ')}: leave it out to resume.`);
    }
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
  const { preset, config: _config, steps, seed, engine, out: _out, resume: _resume, json: _json, keep: _keep, ...others } = flags;
  const { evaluationPeriod, evaluationEpisodes, finalEpisodes, checkpointPeriod, logPeriod, ...agent } = others;
  const evaluation = { period: evaluationPeriod, episodes: evaluationEpisodes, finalEpisodes };
  return { environment, preset, steps, seed, engine, agent, evaluation, checkpointPeriod, logPeriod };
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
