import type { Answer, Timing } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { ValueHead } from '../heads/value-head.ts';
import type { Engine } from '../networks/q-network.ts';
import type { Policy } from './policy.ts';

/** A policy that was loaded: takes the best action, and tells its Q-values. */
export interface LoadedPolicy<Observation, M extends Timing = 'sync'> extends Policy<Observation, M> {
  /** Q(s, ·) `[A]`, a fresh array. */
  qValues(observation: Observation): Answer<Float32Array, M>;
  /** Frees the network. */
  dispose(): void;
}

/** What a policy is loaded with. */
export interface LoadPolicyOptions<M extends Timing = Timing> {
  /** What runs the network. Default `wasm()`. */
  readonly engine?: Engine<M>;
  /** The head it was trained with. Default `expected()`. */
  readonly head?: ValueHead;
}

/**
 * Loads a policy that `agent.savePolicy()` gave, for an environment (or anything with its two spaces).
 * @throws DqnError `invalid-checkpoint` if the bytes are damaged or foreign, `incompatible-checkpoint` if they are of another
 * head or do not fit the environment's spaces.
 */
export async function loadPolicy<Observation, M extends Timing = 'sync'>(
  bytes: Uint8Array,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: LoadPolicyOptions<M> = {},
): Promise<LoadedPolicy<Observation, M>> {
  // What only files need is loaded when the first file is.
  const { openPolicy } = await import('./policy-file.ts');
  return openPolicy(bytes, environment, options);
}
