import * as index from '../index.ts';
import type { AdaptiveOptions, AgentOptions } from '../index.ts';
import { settings } from './settings.ts';

/** A set of parts and numbers that the command knows by a name. */
export interface RegisteredPreset {
  readonly name: string;
  readonly description: string;
  /** The agent's options for a run of so many steps. */
  readonly create: (steps: number) => AgentOptions;
  /** What its network is made of besides the widths of hidden layers; nothing where these cannot be chosen. */
  readonly network?: AdaptiveOptions;
}

/** The tuned settings of an environment by its id. */
export function tunedFor(id: string): (typeof settings)[string] | undefined {
  return Object.values(settings).find(({ name }) => name === id);
}

/** Every preset that fits any environment. */
export const presets: readonly RegisteredPreset[] = [
  { name: 'default', description: 'the defaults of the library: Double DQN', create: () => ({}), network: {} },
  paper('dqn', 'DQN (Mnih et al. 2015)', index.dqn, {}),
  paper('double-dqn', 'Double DQN (van Hasselt, Guez and Silver 2016)', index.doubleDqn, {}),
  paper('dueling-dqn', 'dueling networks (Wang et al. 2016)', index.duelingDqn, { dueling: true }),
  paper('per-dqn', 'prioritized replay (Schaul et al. 2016)', index.perDqn, {}),
  paper('noisy-dqn', 'NoisyNet (Fortunato et al. 2018)', index.noisyDqn, { noisy: true }),
  paper('c51', 'distributions over fixed atoms (Bellemare et al. 2017)', index.c51, {}),
  paper('qr-dqn', 'quantile regression (Dabney et al. 2018a)', index.qrDqn, {}),
  paper('iqn', 'implicit quantiles (Dabney et al. 2018b)', index.iqn, {}),
  paper('fqf', 'quantiles at learned fractions (Yang et al. 2019)', index.fqf, {}),
  paper('rainbow', 'Rainbow (Hessel et al. 2018)', index.rainbow, { dueling: true, noisy: true }),
  // Its convolutions are its own, so its network is taken whole.
  paper('data-efficient-rainbow', 'Rainbow for 100,000 steps (van Hasselt et al. 2019)', index.dataEfficientRainbow),
  paper('munchausen-dqn', 'Munchausen-DQN (Vieillard, Pietquin and Geist 2020)', index.munchausenDqn, {}),
  paper('averaged-dqn', 'ten averaged targets (Anschel, Baram and Shimkin 2017)', index.averagedDqn, {}),
  paper('bootstrapped-dqn', 'ten heads, one an episode (Osband et al. 2016)', index.bootstrappedDqn, {}),
  paper('r2d2', 'recurrent, prioritized sequences (Kapturowski et al. 2019)', index.r2d2),
];

/** The preset of a name for an environment: `tuned` is that of the environment, where it has one. */
export function findPreset(name: string, id: string): RegisteredPreset | undefined {
  const tuned = name === 'tuned' ? tunedFor(id) : undefined;
  return tuned
    ? { name, description: `tuned for ${id}`, create: tuned.options, network: {} }
    : presets.find((preset) => preset.name === name);
}

function paper(name: string, description: string, create: () => AgentOptions, network?: AdaptiveOptions): RegisteredPreset {
  return { name, description, create, network };
}
