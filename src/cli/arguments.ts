import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from './parse.ts';
import { zoo } from './zoo.ts';

/** What `npm start` was asked to do. */
export interface Arguments {
  /** The id of the environment. */
  readonly id: string;
  /** Its short name, for folder names and hints. */
  readonly environment: string;
  readonly steps: number;
  readonly seed: number;
  readonly episodes: number;
  /** The folder that the run's files go to. */
  readonly out: string;
  readonly resume: boolean;
}

interface Parsed {
  readonly environment: string;
  readonly steps?: number;
  readonly seed: number;
  readonly episodes: number;
  readonly out?: string;
  readonly resume?: boolean;
}

/** The environments that have tuned numbers, by short names: `CartPole-v1` is `cartpole`, `MinAtar/Breakout-v1` is `breakout`. */
const environments: Readonly<Record<string, string>> = Object.fromEntries(Object.keys(zoo).map((id) => [shorten(id), id]));

/** Reads the command line; on a mistake it prints what was expected and ends the process with code 1. */
export function parseArguments(argv: readonly string[]): Arguments {
  const parsed = new Command()
    .name('npm start --')
    .description('Train Double DQN, evaluate it, and keep the curve and the policy.')
    .addOption(new Option('-e, --environment <name>', `one of ${names()}`).argParser(environment).default('cartpole'))
    .option('-n, --steps <count>', 'environment steps to train for (default: enough to solve the task)', wholeNumber(1))
    .option('-s, --seed <number>', 'seeds everything', wholeNumber(0), 1)
    .option('--episodes <count>', 'episodes of the final evaluation', wholeNumber(1), 100)
    .option('-o, --out <folder>', 'where the files go (default: runs/<environment>-seed<seed>)')
    .option('--resume', 'go on from the checkpoint in the folder')
    .showHelpAfterError('(--help tells all options)')
    .parse([...argv], { from: 'user' })
    .opts<Parsed>();
  const id = environments[parsed.environment];
  return {
    id,
    environment: parsed.environment,
    steps: parsed.steps ?? zoo[id].steps,
    seed: parsed.seed,
    episodes: parsed.episodes,
    out: parsed.out ?? `runs/${parsed.environment}-seed${parsed.seed}`,
    resume: parsed.resume ?? false,
  };
}

function names(): string {
  return Object.keys(environments).join(', ');
}

function shorten(id: string): string {
  return id
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/-v\d+$/, '')
    .replaceAll(/[^a-z]/g, '');
}

/** Takes `CartPole-v1`, `cart-pole` and `cartpole` alike. */
function environment(text: string): string {
  const plain = shorten(text);
  if (Object.hasOwn(environments, plain)) return plain;
  const near = Object.keys(environments).find((name) => name.startsWith(plain.slice(0, 3)));
  throw new InvalidArgumentError(`Expected one of ${names()}.${near ? ` Did you mean ${near}?` : ''}`);
}
