import type { AgentSettings, Configuration } from './schema.ts';

/**
 * The configuration of a run that is made longer, to so many steps: its schedules stay as they are, over so many steps and not over a share of them. One of a run that is as
 * long stays as it is.
 */
export function lengthened(configuration: Configuration, steps: number): Configuration {
  if (configuration.steps >= steps) return configuration;
  const settings = Object.entries(configuration.agent).map(([name, value]) => [name, bySteps(value, configuration.steps)]);
  return { ...configuration, steps, agent: Object.fromEntries(settings) as AgentSettings };
}

function bySteps(value: AgentSettings[keyof AgentSettings], steps: number): typeof value {
  if (typeof value !== 'object' || !('fraction' in value)) return value;
  const { from, to, fraction } = value;
  return { from, to, steps: Math.max(1, Math.round(fraction * steps)) };
}
