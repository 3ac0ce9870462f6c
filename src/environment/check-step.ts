import { DqnError, describe } from '../common/errors.ts';
import type { StepResult } from './environment.ts';

/** @throws DqnError `invalid-reward` if the reward is NaN or infinite, also as a float32. */
export function checkReward(where: string, reward: number): void {
  const stored = typeof reward === 'number' ? Math.fround(reward) : NaN;
  if (stored - stored === 0) return;
  throw new DqnError({
    code: 'invalid-reward',
    where,
    expected: 'a finite float32 number',
    received: describe(reward),
    remedy: 'Look at the environment that gave it.',
  });
}

/**
 * Refuses what no step may answer: with `done` in place of `terminated`, as in Gym before 0.26, no episode would ever end.
 * @throws DqnError `invalid-environment`, or `invalid-reward` as {@link checkReward}.
 */
export function checkStep(where: string, result: StepResult<unknown> | undefined): void {
  if (typeof result?.terminated === 'boolean' && typeof result.truncated === 'boolean') {
    checkReward(`${where}.reward`, result.reward);
    return;
  }
  throw new DqnError({
    code: 'invalid-environment',
    where,
    expected: '{ observation, reward, terminated, truncated, info } with terminated and truncated true or false',
    received: describe(result),
    remedy: 'Return terminated: true where the episode is over by itself, and truncated: true where it is cut off.',
  });
}
