import type { Environment } from '../environment.ts';
import { flattenSpace } from '../spaces.ts';
import { wrap } from './wrapper.ts';

/**
 * Gives every observation as one flat `Float32Array` `[flatSize]`: one-hot for discrete parts, concatenated for composite ones,
 * as {@link Space.flatten} writes it. Bytes become the numbers 0 … 255.
 */
export function flattenObservation<Observation, Action>(
  environment: Environment<Observation, Action>,
): Environment<Float32Array, Action> {
  const space = environment.observationSpace;
  const flatten = (observation: Observation): Float32Array => {
    const out = new Float32Array(space.flatSize);
    space.flatten(observation, out);
    return out;
  };
  return wrap(environment, {
    kind: 'flattenObservation',
    observationSpace: flattenSpace(space),
    begin: (first) => ({ ...first, observation: flatten(first.observation) }),
    advance: (result) => ({ ...result, observation: flatten(result.observation) }),
  });
}
