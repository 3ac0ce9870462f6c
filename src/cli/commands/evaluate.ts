import { Command, Option } from 'commander';
import { evaluate, loadPolicy, type Evaluation } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { bootstrapInterval, meanScore, medianScore, type Interval } from '../../workbench/index.ts';
import { createEngine } from '../configuration/engine.ts';
import { wholeNumber } from '../parse.ts';
import { findPolicy, WHICH, type Which } from '../policy/find-policy.ts';
import { short } from '../print.ts';

interface EvaluateFlags {
  readonly which?: Which;
  readonly episodes: number;
  readonly seed: number;
  readonly engine: string;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface EvaluationReport extends Evaluation {
  readonly policy: string;
  readonly environment: string;
  readonly seed: number;
  readonly median: number;
  /** Of the mean. */
  readonly interval: Interval & { readonly confidence: number };
}

const CONFIDENCE = 0.95;

/** `dqn evaluate` */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Let a policy play, without exploring, and tell its returns.')
    .argument('<policy>', 'the folder of a run, or a policy file')
    .argument('[environment]', 'an id, ./my-env.js#MyEnv or gymnasium:Id (default: that of the run)')
    .addOption(new Option('-w, --which <policy>', 'of a run (default: best, where there is one)').choices(WHICH))
    .option('-n, --episodes <count>', 'episodes to play', wholeNumber(1), 100)
    .option('-s, --seed <number>', 'episode i starts by this seed plus i', wholeNumber(0), 0)
    .option('-e, --engine <name>', 'wasm, or tfjs:cpu|wasm|webgpu|node|node-gpu', 'wasm')
    .option('--json', 'print the result as JSON, with the return of each episode')
    .action(async (path: string, environment: string | undefined, flags: EvaluateFlags) => {
      const report = await runEvaluate(path, environment, flags);
      if (flags.json) console.log(JSON.stringify(report));
      else print(report);
    });
}

async function runEvaluate(path: string, environment: string | undefined, flags: EvaluateFlags): Promise<EvaluationReport> {
  const { which, episodes, seed } = flags;
  const found = await findPolicy({ path, which, environment });
  const world = await found.create();
  const engine = await createEngine(flags.engine);
  const policy = await loadPolicy<unknown, Timing>(found.bytes, world, { head: found.head, engine });
  try {
    const evaluation = await evaluate(policy, world, { episodes, seed });
    const scores = { returns: evaluation.returns };
    const interval = { ...bootstrapInterval(meanScore, [scores], { confidence: CONFIDENCE }), confidence: CONFIDENCE };
    const median = medianScore({ ...evaluation.returns.map((value) => [value]) });
    return { policy: found.path, environment: found.environment, seed, ...evaluation, median, interval };
  } finally {
    policy.dispose();
    await world.close?.();
  }
}

function print({ policy, environment, episodes, mean, std, min, max, median, interval, meanLength }: EvaluationReport): void {
  console.log(`${policy} on ${environment}, ${episodes} episodes`);
  console.log(
    `return  mean ${short(mean)} ± ${short(std)}, 95 % interval of the mean [${short(interval.low)}, ${short(interval.high)}]`,
  );
  console.log(`        median ${short(median)}, min ${short(min)}, max ${short(max)}`);
  console.log(`length  mean ${short(meanLength)} steps`);
}
