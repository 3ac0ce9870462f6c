// What is learned in the study, and what others have published for it.
import { usableSettings } from '../../src/cli/configuration/agent-options.ts';
import type { AgentSettings, PartialConfiguration } from '../../src/cli/configuration/schema.ts';
import { presets, type RegisteredPreset } from '../../src/cli/presets.ts';

/** A figure that somebody has published. */
export interface Published {
  readonly who: string;
  readonly mean: number;
  readonly steps: number;
}

/** One environment of the study. */
export interface StudyTask {
  readonly name: string;
  readonly piece: 'classic' | 'deepsea' | 'minatar';
  readonly configuration: PartialConfiguration & { readonly environment: string };
  readonly published: readonly Published[];
  /** The names of the presets that it is for. Default: all of them. */
  readonly presets?: readonly string[];
}

const zoo = (dqn: number, qrDqn: number, steps: number): Published[] => [
  { who: 'Stable-Baselines3 zoo, DQN', mean: dqn, steps },
  { who: 'Stable-Baselines3 zoo, QR-DQN', mean: qrDqn, steps },
];

// Read off the published plot of "MinAtar" (Young and Tian 2019), ± 2 %, best step size; Seaquest before the change of its oxygen in version 1.0.11.
const PUBLISHED = { Breakout: 10, Asterix: 16.8, SpaceInvaders: 43.7, Freeway: 50.2, Seaquest: 20.1 } as const;

const minAtar = (game: keyof typeof PUBLISHED): StudyTask => ({
  name: `MinAtar ${game}`,
  piece: 'minatar',
  configuration: { environment: `MinAtar/${game}-v1`, steps: 500_000 },
  published: [{ who: 'MinAtar, DQN', mean: PUBLISHED[game], steps: 5_000_000 }],
});

/** For millions of frames, as it was for the published figure; exploring for 100,000 frames. */
const longer = (task: StudyTask, millions: number, preset: string, agent: AgentSettings = {}): StudyTask => ({
  ...task,
  name: `${task.name} ${millions}M`,
  presets: [preset],
  configuration: {
    ...task.configuration,
    steps: millions * 1_000_000,
    agent: { epsilon: { from: 1, to: 0.05, fraction: 0.1 / millions }, ...agent },
  },
});

const deepSea = (size: number, steps: number): StudyTask => ({
  name: `DeepSea ${size}`,
  piece: 'deepsea',
  configuration: { environment: 'DeepSea', environmentOptions: { size }, steps },
  published: [],
});

/** Everything that is learned, the quickest first. */
export const tasks: readonly StudyTask[] = [
  deepSea(10, 10_000),
  {
    name: 'CartPole',
    piece: 'classic',
    configuration: { environment: 'CartPole-v1' },
    published: zoo(500, 500, 50_000),
  },
  deepSea(20, 40_000),
  {
    name: 'Acrobot',
    piece: 'classic',
    configuration: { environment: 'Acrobot-v1' },
    published: zoo(-76.6, -69.1, 100_000),
  },
  {
    // What comes of more time: for the best of them.
    name: 'Acrobot 250k',
    piece: 'classic',
    configuration: { environment: 'Acrobot-v1', steps: 250_000 },
    published: zoo(-76.6, -69.1, 100_000),
    presets: ['rainbow'],
  },
  {
    name: 'MountainCar',
    piece: 'classic',
    configuration: { environment: 'MountainCar-v0' },
    published: zoo(-100.8, -106, 120_000),
  },
  {
    name: 'LunarLander',
    piece: 'classic',
    configuration: { environment: 'LunarLander-v3' },
    published: zoo(154, 70, 100_000),
  },
  {
    // By the numbers of Stable-Baselines3's zoo, with a learning rate that falls: in so few steps ours hover in the end.
    name: 'LunarLander 100k',
    piece: 'classic',
    configuration: {
      environment: 'LunarLander-v3',
      steps: 100_000,
      agent: {
        hidden: [256, 256],
        learningRate: { from: 6.3e-4, to: 0, fraction: 1 },
        batchSize: 128,
        replayCapacity: 50_000,
        nStep: 1,
        epsilon: { from: 1, to: 0.1, fraction: 0.12 },
        targetPeriod: 250,
      },
    },
    published: zoo(154, 70, 100_000),
    presets: ['double-dqn'],
  },
  minAtar('Breakout'),
  minAtar('Asterix'),
  minAtar('SpaceInvaders'),
  minAtar('Freeway'),
  minAtar('Seaquest'),
  // Its evaluations go up and down between 10 and 20 from 1,000,000 frames on: a learning rate that falls ends that.
  longer(minAtar('Asterix'), 2, 'dqn', { learningRate: { from: 2.5e-4, to: 0, fraction: 1 } }),
  longer(minAtar('Asterix'), 5, 'dqn'),
  longer(minAtar('Seaquest'), 5, 'munchausen-dqn'),
];

/** A task for one preset: without the numbers that it has no use for. */
export function configurationFor(
  { configuration }: StudyTask,
  preset: RegisteredPreset,
): PartialConfiguration & { preset: string } {
  const { agent, ...rest } = configuration;
  return { ...rest, ...(agent && { agent: usableSettings(preset, agent) }), preset: preset.name, logPeriod: 10_000 };
}

/** Whether a preset learns a task. */
export function takes({ presets: names }: StudyTask, { name }: RegisteredPreset): boolean {
  return names === undefined || names.includes(name);
}

/** What is compared. The defaults of the library are Double DQN: with tuned numbers, `default` and `double-dqn` are the same. */
export const compared = presets.filter(({ name }) => name !== 'default');
