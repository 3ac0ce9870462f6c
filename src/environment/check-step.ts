import { DqnError, describe } from '../common/errors.ts';
import type { StepResult } from './environment.ts';

/**
 * Refuses what no step may answer: with `done` in place of `terminated`, as in Gym before 0.26, no episode would ever end.
 * @throws DqnError `invalid-environment`.
 */
export function checkStep(where: string, result: StepResult<unknown> | undefined): void {
  if (typeof result?.terminated === 'boolean' && typeof result.truncated === 'boolean') return;
  throw new DqnError({
    code: 'invalid-environment',
    where,
    expected: '{ observation, reward, terminated, truncated, info } with terminated and truncated true or false',
    received: describe(result),
    remedy: 'Return terminated: true where the episode is over by itself, and truncated: true where it is cut off.',
  });
}
