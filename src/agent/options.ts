import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { linear } from '../common/schedules.ts';
import { doubleQ } from '../bootstrap/double-q.ts';
import type { BootstrapRule } from '../bootstrap/bootstrap-rule.ts';
import { epsilonGreedy } from '../exploration/epsilon-greedy.ts';
import type { Explorer } from '../exploration/explorer.ts';
import { expected } from '../heads/expected.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { adaptive } from '../networks/adaptive.ts';
import type { NetworkFactory } from '../networks/network-factory.ts';
import { adam, type Optimizer } from '../networks/optimizers.ts';
import type { Engine } from '../networks/q-network.ts';
import type { ReplaySpec } from '../replay/replay-buffer.ts';
import type { SequenceReplaySpec } from '../replay/sequence-replay.ts';
import { uniform } from '../replay/uniform.ts';
import { hard } from '../targets/hard.ts';
import type { TargetUpdater } from '../targets/target-updater.ts';

/**
 * The parts an agent is composed of. Every one has a default; together the defaults are Double DQN with the embedded
 * engine. Steps and periods count environment steps.
 */
export type AgentOptions<M extends Timing = Timing> = FeedForwardOptions<M> | RecurrentOptions<M>;

/** The parts that every agent has; see {@link AgentOptions}. */
export interface CommonOptions<M extends Timing = Timing> {
  /** What runs the networks. Default {@link wasm}, the embedded engine. */
  readonly engine?: Engine<M>;
  /** What the network's outputs mean. Default {@link expected}, with the Huber loss. */
  readonly head?: ValueHead;
  /** Which next action a target values. Default {@link doubleQ}. */
  readonly bootstrap?: BootstrapRule;
  /** Rewards summed before a target bootstraps, n ≥ 1. Default 1. */
  readonly nStep?: number;
  /** How actions are chosen while training. Default `epsilonGreedy(linear(1, 0.05, 10_000))`. */
  readonly explorer?: Explorer;
  /** How the target network follows. Default `hard({ period: 500 })`. */
  readonly targetUpdater?: TargetUpdater;
  /** The gradient-descent rule and its learning rate. Default `adam({ learningRate: 1e-3 })`. */
  readonly optimizer?: Optimizer;
  /** Clip the gradient of all parameters together to this norm. Default 10. `Infinity` clips nothing. */
  readonly maxGradientNorm?: number;
  /** γ in [0, 1]. Default 0.99. */
  readonly discount?: number;
  /** B: transitions in an update. Default 64. */
  readonly batchSize?: number;
  /** Environment steps before the first update. Default 1,000. */
  readonly learningStarts?: number;
  /** Environment steps between rounds of updates. Default 1. */
  readonly learnPeriod?: number;
  /** Gradient updates in a round. Default 1. */
  readonly updatesPerRound?: number;
  /** Seeds everything the agent draws. Default 0. */
  readonly seed?: number;
}

/** The parts of an agent that learns from single transitions. */
export interface FeedForwardOptions<M extends Timing = Timing> extends CommonOptions<M> {
  /** The network's shape. Default `adaptive()`: two dense layers of 128 units, or convolutions where observations are images. */
  readonly network?: NetworkFactory<false>;
  /** Where transitions are kept. Default `uniform({ capacity: 100_000 })`. */
  readonly replay?: ReplaySpec;
}

/** The parts of an agent whose network remembers from step to step, and which learns from sequences. */
export interface RecurrentOptions<M extends Timing = Timing> extends CommonOptions<M> {
  /** The network's shape. */
  readonly network: NetworkFactory<true>;
  /** Where sequences are kept. */
  readonly replay: SequenceReplaySpec;
}

/** {@link AgentOptions} with every default filled in, but for the engine, which is held by the networks. */
export interface ResolvedAgentOptions extends Required<Omit<CommonOptions, 'engine'>> {
  readonly network: NetworkFactory;
  readonly replay: ReplaySpec | SequenceReplaySpec;
}

const known: Record<keyof AgentOptions, true> = {
  engine: true,
  network: true,
  head: true,
  bootstrap: true,
  replay: true,
  nStep: true,
  explorer: true,
  targetUpdater: true,
  optimizer: true,
  maxGradientNorm: true,
  discount: true,
  batchSize: true,
  learningStarts: true,
  learnPeriod: true,
  updatesPerRound: true,
  seed: true,
};

/** The parts, and the method that each must have; those that need none may still be no functions. */
const parts: { readonly [name in keyof AgentOptions]?: string } = {
  engine: 'createNetwork',
  network: 'build',
  head: 'loss',
  bootstrap: 'apply',
  replay: 'create',
  explorer: 'select',
  targetUpdater: '',
  optimizer: '',
};

/**
 * Refuses what is no part, such as `mlp` in place of `mlp({ hidden: [64] })`.
 * @throws DqnError `invalid-option` naming the option.
 */
function checkParts(options: AgentOptions): void {
  for (const [name, method] of Object.entries(parts)) {
    const part = (options as Readonly<Record<string, unknown>>)[name] ?? undefined;
    if (part === undefined) continue;
    const complete = method === '' || typeof (part as Readonly<Record<string, unknown>>)[method] === 'function';
    if (typeof part === 'object' && complete) continue;
    throw new DqnError({
      code: 'invalid-option',
      where: `createAgent({ ${name} })`,
      expected: method === '' ? 'an object' : `an object with a method ${method}`,
      received: describe(part),
      remedy: 'Pass what the function of the part gives, as in mlp({ hidden: [64] }), or a part of your own.',
    });
  }
}

/**
 * Fills in the defaults and checks every number.
 * @throws DqnError `invalid-option` naming the option.
 */
export function resolveAgentOptions(options: AgentOptions): ResolvedAgentOptions {
  checkNames('createAgent(options)', options, known);
  checkParts(options);
  const number = (name: keyof AgentOptions, fallback: number, range: { min?: number; max?: number; exclusiveMin?: boolean }) =>
    checkNumber(`createAgent({ ${name} })`, options[name] ?? fallback, range);
  const integer = (name: keyof AgentOptions, fallback: number, min: number) =>
    checkInteger(`createAgent({ ${name} })`, options[name] ?? fallback, { min });
  return {
    network: options.network ?? adaptive(),
    head: options.head ?? expected(),
    bootstrap: options.bootstrap ?? doubleQ(),
    replay: options.replay ?? uniform({ capacity: 100_000 }),
    nStep: integer('nStep', 1, 1),
    explorer: options.explorer ?? epsilonGreedy(linear(1, 0.05, 10_000)),
    targetUpdater: options.targetUpdater ?? hard({ period: 500 }),
    optimizer: options.optimizer ?? adam({ learningRate: 1e-3 }),
    maxGradientNorm:
      options.maxGradientNorm === Infinity ? Infinity : number('maxGradientNorm', 10, { min: 0, exclusiveMin: true }),
    discount: number('discount', 0.99, { min: 0, max: 1 }),
    batchSize: integer('batchSize', 64, 1),
    learningStarts: integer('learningStarts', 1_000, 0),
    learnPeriod: integer('learnPeriod', 1, 1),
    updatesPerRound: integer('updatesPerRound', 1, 1),
    seed: number('seed', 0, {}),
  };
}
