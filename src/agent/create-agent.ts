import { loadPart } from '../common/load-part.ts';
import type { Timing } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { Agent } from './agent.ts';
import type { AgentOptions } from './options.ts';

/**
 * Creates an agent for an environment, or for anything with its two spaces: the agent's types follow from them.
 *
 * @example
 * ```ts
 * import { createAgent, doubleQ, epsilonGreedy, linear, mlp, uniform } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 *
 * const agent = await createAgent(new CartPole(), {
 *   network: mlp({ hidden: [120, 84] }),
 *   bootstrap: doubleQ(),
 *   replay: uniform({ capacity: 50_000 }),
 *   explorer: epsilonGreedy(linear(1, 0.05, 10_000)),
 *   seed: 1,
 * });
 * ```
 * @throws DqnError `invalid-option` naming an option out of range, misspelt, or not fitting the others; `invalid-space` if
 * the actions are not discrete; `file-failed` if code that the parts need on demand cannot be loaded.
 */
export async function createAgent<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions<M> = {},
): Promise<Agent<Observation, M>> {
  const { buildAgent } = await loadPart('agents', () => import('./build-agent.ts'));
  return buildAgent(environment, options);
}
