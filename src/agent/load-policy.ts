import { loadPart } from '../common/load-part.ts';
import type { Timing } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { LoadedPolicy, LoadPolicyOptions } from './policy.ts';

/**
 * Loads a policy that `agent.savePolicy()` gave, for an environment (or anything with its two spaces).
 * @throws DqnError `invalid-checkpoint` if the bytes are damaged or foreign, `incompatible-checkpoint` if they are of another
 * head or do not fit the environment's spaces, `invalid-option` if an option is misspelt.
 */
export async function loadPolicy<Observation, M extends Timing = 'sync'>(
  bytes: Uint8Array,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: LoadPolicyOptions<M> = {},
): Promise<LoadedPolicy<Observation, M>> {
  // What only files need is loaded when the first file is.
  const { openPolicy } = await loadPart('policy files', () => import('./policy-file.ts'));
  return openPolicy(bytes, environment, options);
}
