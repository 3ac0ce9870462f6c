import { findEnvironment, type FoundEnvironment } from '../environments.ts';
import { findPreset, presets } from '../presets.ts';
import { suggest } from '../suggest.ts';
import { UserMistake } from '../user-mistake.ts';
import { tunedFor, tunedNumbers, zoo } from '../zoo.ts';
import type { AgentSettings, Configuration, PartialConfiguration } from './schema.ts';

/** A configuration and the environment that it names. */
export interface ResolvedConfiguration {
  readonly configuration: Configuration;
  readonly environment: FoundEnvironment;
}

/** Lays one configuration over another; what the upper one says counts. */
export function overlay(lower: PartialConfiguration, upper: PartialConfiguration): PartialConfiguration {
  const merged = { ...lower, ...defined(upper) };
  merged.agent = overlayAgent(lower.agent, upper.agent);
  merged.evaluation = { ...lower.evaluation, ...defined(upper.evaluation ?? {}) };
  return merged;
}

function overlayAgent(lower: AgentSettings = {}, upper: AgentSettings = {}): AgentSettings {
  return { ...leftBy(upper, lower), ...defined(upper) };
}

/** What numbers leave of those below them: a target network is copied or it follows, and a period of copies ends the following. */
export function leftBy(upper: Readonly<Record<string, unknown>>, lower: AgentSettings): AgentSettings {
  const { targetRate: _following, ...others } = lower;
  return upper.targetPeriod === undefined ? lower : others;
}

/**
 * Fills in the defaults.
 *
 * @throws UserMistake where the environment or the preset is unknown or missing.
 */
export async function resolveConfiguration(given: PartialConfiguration): Promise<ResolvedConfiguration> {
  if (given.environment === undefined) throw new UserMistake('Which environment? Write dqn train CartPole-v1, for example.');
  const environment = await findEnvironment(given.environment);
  const preset = given.preset ?? 'default';
  if (!findPreset(preset)) {
    const hint = suggest(
      preset,
      presets.map(({ name }) => name),
    );
    throw new UserMistake(`There is no preset ${preset}.${hint} \`dqn presets\` lists all.`);
  }
  const tuned = tunedNumbers(environment.id, preset);
  const numbers = given.numbers ?? (tuned ? 'tuned' : 'paper');
  if (numbers === 'tuned' && !tuned) {
    throw new UserMistake(`There are no tuned numbers for ${environment.id}; there are for ${Object.keys(zoo).join(', ')}.`);
  }
  const steps = given.steps ?? tunedFor(environment.id)?.steps ?? 50_000;
  const configuration: Configuration = {
    environment: environment.id,
    environmentOptions: given.environmentOptions ?? {},
    preset,
    numbers,
    steps,
    seed: given.seed ?? 1,
    actors: given.actors ?? 0,
    engine: given.engine ?? 'wasm',
    agent: overlayAgent(numbers === 'tuned' ? tuned : {}, given.agent),
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
