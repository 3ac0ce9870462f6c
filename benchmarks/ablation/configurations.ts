// What is compared, as data: DQN, DQN with each part alone, Rainbow, and Rainbow without each of its parts.
import * as dqn from '../../src/index.ts';
import type { AgentOptions, BootstrapRule, Explorer, ReplaySpec, ValueHead } from '../../src/index.ts';
import type { Study } from './studies.ts';

/** A part that can be added to DQN. */
export type Part = 'double' | 'dueling' | 'per' | 'n-step' | 'noisy' | 'c51' | 'qr' | 'iqn' | 'munchausen' | 'bootstrapped';

/** One row of the study. */
export interface Configuration {
  readonly name: string;
  readonly parts: readonly Part[];
  /** What the difference is taken to: the name of another configuration. */
  readonly reference?: string;
  /** The part that the difference is the worth of. */
  readonly part?: Part;
}

/** The six parts of Rainbow (Hessel et al. 2018). */
export const rainbowParts: readonly Part[] = ['double', 'dueling', 'per', 'n-step', 'noisy', 'c51'];

const alone: readonly Part[] = [...rainbowParts, 'qr', 'iqn', 'munchausen', 'bootstrapped'];

/** All rows, in the order of the tables. */
export const configurations: readonly Configuration[] = [
  { name: 'DQN', parts: [] },
  ...alone.map((part): Configuration => ({ name: `DQN + ${part}`, parts: [part], reference: 'DQN', part })),
  { name: 'Rainbow', parts: rainbowParts, reference: 'DQN' },
  ...rainbowParts.map((part): Configuration => ({
    name: `Rainbow − ${part}`,
    parts: rainbowParts.filter((other) => other !== part),
    reference: 'Rainbow',
    part,
  })),
];

/** Factories that the entry has from some version on. */
const parts = dqn as unknown as {
  categorical(options: { atoms: number; vMin: number; vMax: number }): ValueHead;
  quantile(options: { quantiles: number }): ValueHead;
  implicitQuantile(): ValueHead;
  prioritized(options: { capacity: number; priorityExponent: number; importanceExponent: dqn.Schedule }): ReplaySpec;
  noisyGreedy(): Explorer;
  bootstrapped(options: { heads: number }): Explorer;
  munchausen(): BootstrapRule;
};

/** Everything that is not a part stays as it is in the study's base. */
export function agentOptions(study: Study, { parts: chosen }: Configuration, seed: number): AgentOptions<'sync'> {
  const has = (part: Part) => chosen.includes(part);
  const { hidden, steps, support, exploration, options } = study;
  return {
    ...options,
    network: dqn.mlp({ hidden, dueling: has('dueling'), noisy: has('noisy') }),
    head: head(has, support),
    bootstrap: has('munchausen') ? parts.munchausen() : has('double') ? dqn.doubleQ() : dqn.maxQ(),
    replay: has('per')
      ? parts.prioritized({ capacity: steps, priorityExponent: 0.6, importanceExponent: dqn.linear(0.4, 1, steps) })
      : dqn.uniform({ capacity: steps }),
    nStep: has('n-step') ? 3 : 1,
    explorer: has('noisy')
      ? parts.noisyGreedy()
      : has('bootstrapped')
        ? parts.bootstrapped({ heads: 10 })
        : dqn.epsilonGreedy(dqn.linear(1, exploration.end, exploration.steps)),
    seed,
  };
}

function head(has: (part: Part) => boolean, support: Study['support']): ValueHead {
  if (has('c51')) return parts.categorical({ atoms: 51, ...support });
  if (has('qr')) return parts.quantile({ quantiles: 50 });
  if (has('iqn')) return parts.implicitQuantile();
  return dqn.expected();
}

/** The parts that this build of the library does not have. */
export function missingParts(): readonly Part[] {
  const factories: Partial<Record<Part, keyof typeof parts>> = {
    c51: 'categorical',
    qr: 'quantile',
    iqn: 'implicitQuantile',
    per: 'prioritized',
    noisy: 'noisyGreedy',
    bootstrapped: 'bootstrapped',
    munchausen: 'munchausen',
  };
  return (Object.keys(factories) as Part[]).filter((part) => parts[factories[part] as keyof typeof parts] === undefined);
}
