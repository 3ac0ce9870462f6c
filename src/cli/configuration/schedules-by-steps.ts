import type { AgentSettings, Configuration } from './schema.ts';

/** A configuration whose schedules stay as they are where its run is made longer: over so many steps, and not over a share of them. */
export function schedulesBySteps({ agent, ...others }: Configuration): Configuration {
  const settings = Object.entries(agent).map(([name, value]) => [name, bySteps(value, others.steps)]);
  return { ...others, agent: Object.fromEntries(settings) as AgentSettings };
}

function bySteps(value: AgentSettings[keyof AgentSettings], steps: number): typeof value {
  if (typeof value !== 'object' || !('fraction' in value)) return value;
  const { from, to, fraction } = value;
  return { from, to, steps: Math.max(1, Math.round(fraction * steps)) };
}
