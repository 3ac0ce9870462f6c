import { findEnvironment, type FoundEnvironment } from '../environments.ts';
import { findPreset, presets, tunedFor } from '../presets.ts';
import { suggest } from '../suggest.ts';
import { UserMistake } from '../user-mistake.ts';
import type { Configuration, PartialConfiguration } from './schema.ts';

/** A configuration and the environment that it names. */
export interface ResolvedConfiguration {
  readonly configuration: Configuration;
  readonly environment: FoundEnvironment;
}

/** Lays one configuration over another; what the upper one says counts. */
export function overlay(lower: PartialConfiguration, upper: PartialConfiguration): PartialConfiguration {
  const merged = { ...lower, ...defined(upper) };
  merged.agent = { ...lower.agent, ...defined(upper.agent ?? {}) };
  merged.evaluation = { ...lower.evaluation, ...defined(upper.evaluation ?? {}) };
  return merged;
}

/**
 * Fills in the defaults.
 *
 * @throws UserMistake where the environment or the preset is unknown or missing.
 */
export async function resolveConfiguration(given: PartialConfiguration): Promise<ResolvedConfiguration> {
  if (given.environment === undefined) throw new UserMistake('Which environment? Write dqn train CartPole-v1, for example.');
  const environment = await findEnvironment(given.environment);
  const tuned = tunedFor(environment.id);
  const preset = given.preset ?? (tuned ? 'tuned' : 'default');
  if (!findPreset(preset, environment.id)) {
    const names = [...(tuned ? ['tuned'] : []), ...presets.map(({ name }) => name)];
    const hint = preset === 'tuned' ? ` There are no tuned settings for ${environment.id}.` : suggest(preset, names);
    throw new UserMistake(`There is no preset ${preset}.${hint} \`dqn presets\` lists all.`);
  }
  const steps = given.steps ?? tuned?.steps ?? 50_000;
  const configuration: Configuration = {
    environment: environment.id,
    environmentOptions: given.environmentOptions ?? {},
    preset,
    steps,
    seed: given.seed ?? 1,
    engine: given.engine ?? 'wasm',
    agent: given.agent ?? {},
    evaluation: {
      period: given.evaluation?.period ?? Math.max(1, Math.floor(steps / 20)),
      episodes: given.evaluation?.episodes ?? 10,
      finalEpisodes: given.evaluation?.finalEpisodes ?? 100,
    },
    checkpointPeriod: given.checkpointPeriod ?? Math.max(1, Math.floor(steps / 10)),
    logPeriod: given.logPeriod ?? 1_000,
  };
  return { configuration, environment };
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
