import { checkInteger } from '../../common/check.ts';
import { type MaybePromise, isPromise } from '../../common/maybe-promise.ts';
import type { Environment, StepResult } from '../environment.ts';
import { allows } from './action-mask.ts';
import { wrap } from './wrapper.ts';

/**
 * Carries every action out `n` times and sums the rewards (undiscounted), as the frame skip of DQN (Mnih et al. 2015, methods).
 * It stops early at the end of the episode, and where a discrete action is no longer possible. All but the reward is that of
 * the last inner step.
 *
 * @param n - a whole number of at least 1.
 * @throws DqnError `invalid-option` if `n` is out of range.
 */
export function actionRepeat<Observation, Action>(
  environment: Environment<Observation, Action>,
  n: number,
): Environment<Observation, Action> {
  checkInteger('actionRepeat(n)', n, { min: 1 });

  const go = (action: Action, left: number, sum: number): MaybePromise<StepResult<Observation>> => {
    for (;;) {
      const result = environment.step(action);
      if (isPromise(result))
        return result.then((value) => next(action, left, sum, value) ?? go(action, left - 1, sum + value.reward));
      const last = next(action, left, sum, result);
      if (last !== undefined) return last;
      left--;
      sum += result.reward;
    }
  };
  // The summed result where this step was the last one.
  const next = (action: Action, left: number, sum: number, result: StepResult<Observation>): StepResult<Observation> | undefined =>
    left > 1 && !result.terminated && !result.truncated && allows(environment.actionSpace, result.actionMask, action)
      ? undefined
      : { ...result, reward: sum + result.reward };

  return wrap(environment, {
    kind: 'actionRepeat',
    observationSpace: environment.observationSpace,
    begin: (first) => first,
    advance: (result) => result,
    step: (action: Action) => go(action, n, 0),
  });
}
