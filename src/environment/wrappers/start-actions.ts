import type { Environment } from '../environment.ts';
import { startWith } from './start-with.ts';
import { wrap } from './wrapper.ts';

/**
 * Begins every episode with these actions: `[1]` presses fire in those of Atari's games that wait for it ("fire on reset"). Where they end the episode the
 * next one begins.
 *
 * @throws DqnError from `step`, if the environment has no such action.
 */
export function startActions<Observation, Action>(
  environment: Environment<Observation, Action>,
  actions: readonly Action[],
): Environment<Observation, Action> {
  return wrap(environment, {
    kind: 'startActions',
    observationSpace: environment.observationSpace,
    reset: (options) => startWith(environment, environment.reset(options), actions),
    begin: (first) => first,
    advance: (result) => result,
  });
}
