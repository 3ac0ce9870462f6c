// What is compared, as data: DQN, DQN with each part alone, Rainbow, and Rainbow without each of its parts.
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { munchausen } from '../../src/bootstrap/munchausen.ts';
import { linear } from '../../src/common/schedules.ts';
import { bootstrapped } from '../../src/exploration/bootstrapped.ts';
import { epsilonGreedy } from '../../src/exploration/epsilon-greedy.ts';
import { noisyGreedy } from '../../src/exploration/noisy-greedy.ts';
import { categorical } from '../../src/heads/categorical.ts';
import { expected } from '../../src/heads/expected.ts';
import { implicitQuantile } from '../../src/heads/implicit-quantile.ts';
import { quantile } from '../../src/heads/quantile.ts';
import type { AgentOptions, ValueHead } from '../../src/index.ts';
import { mlp } from '../../src/networks/mlp.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { uniform } from '../../src/replay/uniform.ts';
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

/** Everything that is not a part stays as it is in the study's base. */
export function agentOptions(study: Study, { parts: chosen }: Configuration, seed: number): AgentOptions<'sync'> {
  const has = (part: Part) => chosen.includes(part);
  const { hidden, steps, support, exploration, options } = study;
  return {
    ...options,
    network: mlp({ hidden, dueling: has('dueling'), noisy: has('noisy') }),
    head: head(has, support),
    bootstrap: has('munchausen') ? munchausen() : has('double') ? doubleQ() : maxQ(),
    replay: has('per')
      ? prioritized({ capacity: steps, priorityExponent: 0.6, importanceExponent: linear(0.4, 1, steps) })
      : uniform({ capacity: steps }),
    nStep: has('n-step') ? 3 : 1,
    explorer: has('noisy')
      ? noisyGreedy()
      : has('bootstrapped')
        ? bootstrapped({ heads: 10 })
        : epsilonGreedy(linear(1, exploration.end, exploration.steps)),
    seed,
  };
}

function head(has: (part: Part) => boolean, support: Study['support']): ValueHead {
  if (has('c51')) return categorical({ atoms: 51, ...support });
  if (has('qr')) return quantile({ quantiles: 50 });
  // Eight fractions learn about as well as 64 (Dabney et al. 2018b, figure 5), for an eighth of the work.
  if (has('iqn')) return implicitQuantile({ online: 8, target: 8, act: 16 });
  return expected();
}
