import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from './parse.ts';
import { settings, type Setting } from './settings.ts';

/** What the command was asked to do. */
export interface Arguments {
  readonly setting: Setting;
  /** The key of the setting, for folder names and hints. */
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

/** Reads the command line; on a mistake it prints what was expected and ends the process with code 1. */
export function parseArguments(argv: readonly string[]): Arguments {
  const parsed = new Command()
    .name('npm start --')
    .description('Train Double DQN on a classic control task, evaluate it, and keep the curve and the policy.')
    .addOption(new Option('-e, --environment <name>', `one of ${names()}`).argParser(environment).default('cartpole'))
    .option('-n, --steps <count>', 'environment steps to train for (default: enough to solve the task)', wholeNumber(1))
    .option('-s, --seed <number>', 'seeds everything', wholeNumber(0), 1)
    .option('--episodes <count>', 'episodes of the final evaluation', wholeNumber(1), 100)
    .option('-o, --out <folder>', 'where the files go (default: runs/<environment>-seed<seed>)')
    .option('--resume', 'go on from the checkpoint in the folder')
    .showHelpAfterError('(--help tells all options)')
    .parse([...argv], { from: 'user' })
    .opts<Parsed>();
  const setting = settings[parsed.environment];
  return {
    setting,
    environment: parsed.environment,
    steps: parsed.steps ?? setting.steps,
    seed: parsed.seed,
    episodes: parsed.episodes,
    out: parsed.out ?? `runs/${parsed.environment}-seed${parsed.seed}`,
    resume: parsed.resume ?? false,
  };
}

function names(): string {
  return Object.keys(settings).join(', ');
}

/** Takes `CartPole-v1`, `cart-pole` and `cartpole` alike. */
function environment(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/-v\d+$/, '')
    .replaceAll(/[^a-z]/g, '');
  if (Object.hasOwn(settings, plain)) return plain;
  const near = Object.keys(settings).find((name) => name.startsWith(plain.slice(0, 3)));
  throw new InvalidArgumentError(`Expected one of ${names()}.${near ? ` Did you mean ${near}?` : ''}`);
}
