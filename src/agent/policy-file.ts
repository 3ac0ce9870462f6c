import { checkNames } from '../common/check.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import { greedy } from '../exploration/greedy.ts';
import { expected } from '../heads/expected.ts';
import type { ValueHead } from '../heads/value-head.ts';
import type { Engine } from '../networks/q-network.ts';
import { ActingMemory } from './acting-memory.ts';
import { Actor } from './actor.ts';
import { discreteActions } from './discrete-actions.ts';
import type { ActOptions, LoadedPolicy, LoadPolicyOptions } from './policy.ts';
import { decodePolicy } from './policy-contents.ts';

/** What `loadPolicy` does, loaded when it is first called. */
export async function openPolicy<Observation, M extends Timing = 'sync'>(
  bytes: Uint8Array,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: LoadPolicyOptions<M>,
): Promise<LoadedPolicy<Observation, M>> {
  const where = 'loadPolicy(bytes)';
  checkNames('loadPolicy(options)', options, { engine: true, head: true });
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, where);
  const head: ValueHead = options.head ?? expected();
  const use = { head, actions: actionSpace.n, observationSize: observationSpace.flatSize };
  const { spec, heads, weights } = decodePolicy(bytes, use, where);
  const random = new Random(0);
  const engine = (options.engine ?? wasm()) as Engine<M>;
  await engine.prepare?.(spec);
  const network = await engine.createNetwork(spec, { random });
  try {
    await network.setWeights(weights);
  } catch (error) {
    network.dispose();
    throw error;
  }
  const actor = new Actor<Observation, M>({ observationSpace, actionSpace, network, head, heads, random, noise: random });
  const memory = new ActingMemory(network.stateSize);
  const acting = { explorer: greedy(), noisy: false, memory, step: 0 };
  return {
    act: (observation: Observation, { stream = 0, first = false, actionMask }: ActOptions = {}) => {
      if (first) memory.begin(stream);
      return actor.act(observation, acting, stream, actionMask);
    },
    qValues: (observation) => actor.qValues(observation),
    dispose: () => network.dispose(),
  };
}
