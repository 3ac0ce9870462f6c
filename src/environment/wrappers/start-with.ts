import { type MaybePromise, isPromise } from '../../common/maybe-promise.ts';
import type { Environment, ResetResult, StepResult } from '../environment.ts';

/** Carries actions out after a reset; where the episode ends meanwhile, the next one begins and the actions that are left go on. */
export function startWith<Observation, Action>(
  environment: Environment<Observation, Action>,
  first: ResetResult<Observation>,
  actions: readonly Action[],
): MaybePromise<ResetResult<Observation>> {
  let now = first;
  for (let i = 0; i < actions.length; i++) {
    const goOn = (reached: ResetResult<Observation>) => startWith(environment, reached, actions.slice(i + 1));
    const result = environment.step(actions[i]);
    const reached = isPromise(result) ? result.then((value) => reset(environment, value)) : reset(environment, result);
    if (isPromise(reached)) return reached.then(goOn);
    now = reached;
  }
  return now;
}

/** Where a step led to; the start of the next episode where it ended one. */
function reset<Observation, Action>(
  environment: Environment<Observation, Action>,
  { observation, actionMask, info, terminated, truncated }: StepResult<Observation>,
): MaybePromise<ResetResult<Observation>> {
  if (terminated || truncated) return environment.reset();
  return actionMask === undefined ? { observation, info } : { observation, actionMask, info };
}
