import {
  adam,
  adaptive,
  categorical,
  epsilonGreedy,
  hard,
  linear,
  sampled,
  uniform,
  type AgentOptions,
  type SampledSpec,
  type Schedule,
} from '../../index.ts';
import { findPreset } from '../presets.ts';
import { UserMistake } from '../user-mistake.ts';
import { createEngine } from './engine.ts';
import type { Configuration, ScheduleSetting } from './schema.ts';

/**
 * The options of the agent that a configuration asks for: those of its preset, with what is changed in them.
 *
 * @throws UserMistake where something cannot be changed in the preset.
 */
export async function agentOptions(configuration: Configuration): Promise<AgentOptions> {
  const { preset: name, environment, steps, seed, agent } = configuration;
  const preset = findPreset(name, environment);
  if (!preset) throw new UserMistake(`There is no preset ${name} for ${environment}.`);
  const { hidden, learningRate, epsilon, replayCapacity, targetPeriod, vMin, vMax, ...numbers } = agent;
  const base = preset.create(steps);
  const refuse = (key: string, why: string) => new UserMistake(`The preset ${name} takes no ${key}: ${why}.`);
  const options: { -readonly [K in keyof AgentOptions]: unknown } = { ...base, ...numbers, seed };
  options.engine = await createEngine(configuration.engine);
  if (hidden) {
    if (!preset.network) throw refuse('hidden', 'its network is its own');
    options.network = adaptive({ ...preset.network, hidden });
  }
  if (learningRate !== undefined) {
    options.optimizer = { spec: base.optimizer?.spec ?? adam().spec, learningRate: toSchedule(learningRate) };
  }
  if (epsilon !== undefined) {
    if (base.explorer && base.explorer.kind !== 'epsilonGreedy') throw refuse('epsilon', `it explores by ${base.explorer.kind}`);
    options.explorer = epsilonGreedy(toSchedule(epsilon));
  }
  if (replayCapacity !== undefined) {
    const replay = (base.replay ?? uniform({ capacity: replayCapacity })) as Partial<SampledSpec>;
    if (!replay.sampler) throw refuse('replayCapacity', 'it keeps sequences');
    options.replay = sampled({ capacity: replayCapacity, sampler: replay.sampler });
  }
  if (targetPeriod !== undefined) options.targetUpdater = hard({ period: targetPeriod });
  if (vMin !== undefined || vMax !== undefined) {
    const { kind, settings } = base.head ?? {};
    if (kind !== 'categorical') throw refuse('vMin and vMax', 'its head is not categorical');
    const { atoms, vMin: low, vMax: high } = settings as Readonly<Record<'atoms' | 'vMin' | 'vMax', number>>;
    options.head = categorical({ atoms, vMin: vMin ?? low, vMax: vMax ?? high });
  }
  return options as AgentOptions;
}

/** A schedule from its data. */
function toSchedule(setting: ScheduleSetting): number | Schedule {
  return typeof setting === 'number' ? setting : linear(setting.from, setting.to, setting.steps);
}
