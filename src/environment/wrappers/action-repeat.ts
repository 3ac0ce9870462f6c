import { checkInteger, checkNames } from '../../common/check.ts';
import { type MaybePromise, isPromise } from '../../common/maybe-promise.ts';
import type { Environment, StepResult } from '../environment.ts';
import { allows } from './action-mask.ts';
import { requireBox } from './require-box.ts';
import { wrap } from './wrapper.ts';

/** What {@link actionRepeat} shows of the steps it takes. */
export interface ActionRepeatOptions {
  /**
   * Whether an observation is the maximum, number by number, over the last two inner steps, so that what a screen shows in every other frame only is
   * seen (Mnih et al. 2015, methods). Default false: that of the last step.
   */
  readonly maxPool?: boolean;
}

/**
 * Carries every action out `n` times and sums the rewards (undiscounted), as the frame skip of DQN (Mnih et al. 2015, methods).
 * It stops early at the end of the episode, and where a discrete action is no longer possible. All but the reward is that of
 * the last inner step, and with `maxPool` the observation that of the last two.
 *
 * @param n - a whole number of at least 1.
 * @throws DqnError `invalid-option` if `n` is out of range; `invalid-space` if observations are to be pooled that are no box.
 */
export function actionRepeat<Observation, Action>(
  environment: Environment<Observation, Action>,
  n: number,
  options: ActionRepeatOptions = {},
): Environment<Observation, Action> {
  checkInteger('actionRepeat(n)', n, { min: 1 });
  checkNames('actionRepeat(options)', options, { maxPool: true });
  const { maxPool = false } = options;
  if (maxPool) requireBox('actionRepeat({ maxPool })', environment.observationSpace);
  /** The observation before the last one within a step. */
  let before: Observation | undefined;

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
  const next = (
    action: Action,
    left: number,
    sum: number,
    result: StepResult<Observation>,
  ): StepResult<Observation> | undefined => {
    if (left > 1 && !result.terminated && !result.truncated && allows(environment.actionSpace, result.actionMask, action)) {
      before = result.observation;
      return undefined;
    }
    const reward = sum + result.reward;
    return maxPool && before !== undefined
      ? { ...result, reward, observation: maximum(before, result.observation) }
      : { ...result, reward };
  };

  return wrap(environment, {
    kind: 'actionRepeat',
    observationSpace: environment.observationSpace,
    begin: (first) => first,
    advance: (result) => result,
    step(action: Action) {
      before = undefined;
      return go(action, n, 0);
    },
  });
}

/** The larger of each two numbers of elements of a box. */
function maximum<Observation>(a: Observation, b: Observation): Observation {
  const other = a as Float32Array;
  return (b as Float32Array).map((value, i) => Math.max(value, other[i])) as Observation;
}
