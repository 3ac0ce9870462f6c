import { DqnError } from '../common/errors.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import type { Engine } from '../networks/q-network.ts';
import type { Agent } from './agent.ts';
import { discreteActions } from './discrete-actions.ts';
import { DqnAgent } from './dqn-agent.ts';
import { ObservationCodec } from './observation-codec.ts';
import { resolveAgentOptions, type AgentOptions } from './options.ts';

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
 * the actions are not discrete.
 */
export async function createAgent<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions<M> = {},
): Promise<Agent<Observation, M>> {
  const resolved = resolveAgentOptions(options);
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, 'createAgent(environment)');
  const { shape, scale } = new ObservationCodec(observationSpace);
  const outputSize = actionSpace.n * resolved.head.width;
  const spec = resolved.network.build({
    inputShape: shape,
    inputScale: scale,
    actions: actionSpace.n,
    width: resolved.head.width,
    heads: 1,
    outputSize,
  });
  const engine = (options.engine ?? wasm()) as Engine<M>;
  const random = new Random(resolved.seed).split('weights');
  const online = await engine.createNetwork(spec, { random, optimizer: resolved.optimizer.spec });
  if (online.outputSize !== outputSize) {
    online.dispose();
    throw new DqnError({
      code: 'invalid-option',
      where: 'createAgent({ network })',
      expected: `a network with ${outputSize} outputs (${actionSpace.n} actions × ${resolved.head.width})`,
      received: `${online.outputSize} outputs`,
      remedy: 'Let the last layer have outputSize units.',
    });
  }
  const target = await engine.createNetwork(spec, { random: random.split('target') });
  await target.copyFrom(online);
  return new DqnAgent({ observationSpace, actionSpace, options: resolved, online, target });
}
