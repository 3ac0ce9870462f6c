import * as index from '../index.ts';
import type { AdaptiveOptions, AgentOptions, Schedule } from '../index.ts';

/** A set of parts and numbers that the command knows by a name. */
export interface RegisteredPreset {
  readonly name: string;
  readonly description: string;
  readonly base: AgentOptions;
  /** What its network is made of besides the widths of its layers. */
  readonly network: AdaptiveOptions;
  /** How it draws by priority; nothing where it does not. */
  readonly priorities?: { readonly priorityExponent: number; readonly importanceExponent: number | Schedule };
  /** The numbers of a recurrent network and its sequences. */
  readonly memory?: Readonly<Record<'units' | 'capacity' | 'length' | 'burnIn', number>>;
}

const annealed = index.linear(0.4, 1, 50_000_000);

/** All presets, by their papers. */
export const presets: readonly RegisteredPreset[] = [
  { name: 'default', description: 'the defaults of the library: Double DQN', base: {}, network: {} },
  paper('dqn', 'DQN (Mnih et al. 2015)', index.dqn()),
  paper('double-dqn', 'Double DQN (van Hasselt, Guez and Silver 2016)', index.doubleDqn()),
  paper('dueling-dqn', 'dueling networks (Wang et al. 2016)', index.duelingDqn(), { network: { dueling: true } }),
  paper('per-dqn', 'prioritized replay (Schaul et al. 2016)', index.perDqn(), {
    priorities: { priorityExponent: 0.6, importanceExponent: annealed },
  }),
  paper('noisy-dqn', 'NoisyNet (Fortunato et al. 2018)', index.noisyDqn(), { network: { noisy: true } }),
  paper('c51', 'distributions over fixed atoms (Bellemare et al. 2017)', index.c51()),
  paper('qr-dqn', 'quantile regression (Dabney et al. 2018a)', index.qrDqn()),
  paper('iqn', 'implicit quantiles (Dabney et al. 2018b)', index.iqn()),
  paper('fqf', 'quantiles at learned fractions (Yang et al. 2019)', index.fqf()),
  paper('rainbow', 'Rainbow (Hessel et al. 2018)', index.rainbow(), {
    network: { dueling: true, noisy: true },
    priorities: { priorityExponent: 0.5, importanceExponent: annealed },
  }),
  paper('data-efficient-rainbow', 'Rainbow for 100,000 steps (van Hasselt et al. 2019)', index.dataEfficientRainbow(), {
    network: { convolutions: index.dataEfficientConvolutions, dueling: true, noisy: true },
    priorities: { priorityExponent: 0.5, importanceExponent: index.linear(0.4, 1, 100_000) },
  }),
  paper('munchausen-dqn', 'Munchausen-DQN (Vieillard, Pietquin and Geist 2020)', index.munchausenDqn()),
  paper('averaged-dqn', 'ten averaged targets (Anschel, Baram and Shimkin 2017)', index.averagedDqn()),
  paper('bootstrapped-dqn', 'ten heads, one an episode (Osband et al. 2016)', index.bootstrappedDqn()),
  {
    name: 'r2d2',
    description: 'recurrent, prioritized sequences (Kapturowski et al. 2019)',
    base: index.r2d2(),
    network: { convolutions: index.natureConvolutions, dueling: true },
    priorities: { priorityExponent: 0.9, importanceExponent: 0.6 },
    memory: { units: 512, capacity: 4_000_000, length: 80, burnIn: 40 },
  },
];

/** The preset of a name. */
export function findPreset(name: string): RegisteredPreset | undefined {
  return presets.find((preset) => preset.name === name);
}

function paper(
  name: string,
  description: string,
  base: AgentOptions,
  more: Partial<Pick<RegisteredPreset, 'network' | 'priorities'>> = {},
): RegisteredPreset {
  return { name, description, base, network: {}, ...more };
}
