import { type MaybePromise, chain } from '../../common/maybe-promise.ts';
import type { Environment, ResetResult, StepResult } from '../environment.ts';

/** Carries actions out after a reset; where the episode ends meanwhile, the next one begins and the actions that are left go on. */
export function startWith<Observation, Action>(
  environment: Environment<Observation, Action>,
  first: MaybePromise<ResetResult<Observation>>,
  actions: readonly Action[],
): MaybePromise<ResetResult<Observation>> {
  return actions.reduce(
    (reached, action) => chain(reached, () => chain(environment.step(action), (result) => goOn(environment, result))),
    first,
  );
}

/** Where a step led to; the start of the next episode where it ended one. */
function goOn<Observation, Action>(
  environment: Environment<Observation, Action>,
  { observation, actionMask, info, terminated, truncated }: StepResult<Observation>,
): MaybePromise<ResetResult<Observation>> {
  if (terminated || truncated) return environment.reset();
  return actionMask === undefined ? { observation, info } : { observation, actionMask, info };
}
