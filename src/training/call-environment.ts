import { DqnError, type ErrorCode } from '../common/errors.ts';
import { chain, isPromise, type MaybePromise } from '../common/maybe-promise.ts';
import { checkStep } from '../environment/check-step.ts';
import type { Environment, StepResult } from '../environment/environment.ts';

/** The errors that tell already what is wrong with the environment. */
const own: readonly ErrorCode[] = ['environment-failed', 'invalid-environment', 'invalid-reward'];

/** What an environment threw, as an `environment-failed` error that keeps the original as its cause. */
function environmentFailure(cause: unknown, where: string): DqnError {
  if (cause instanceof DqnError && own.includes(cause.code)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new DqnError({
    code: 'environment-failed',
    where,
    expected: 'the environment to answer',
    received: `an error it threw: ${message}`,
    remedy: 'Everything learned so far is kept: mend the environment and go on. The original error is the cause.',
    cause,
  });
}

/**
 * What a call of an environment answers, at once or later.
 * @throws DqnError `environment-failed` if it throws or its promise is rejected; its own where it tells that the environment breaks its contract.
 */
export function callEnvironment<T>(call: () => T, where: string): T {
  try {
    const answer = call();
    if (!isPromise(answer)) return answer;
    return answer.catch((error: unknown) => {
      throw environmentFailure(error, where);
    }) as T;
  } catch (error) {
    throw environmentFailure(error, where);
  }
}

/**
 * A step of an environment, whose answer tells its ends and a reward.
 * @throws DqnError `environment-failed` as {@link callEnvironment}, `invalid-environment` or `invalid-reward`.
 */
export function stepEnvironment<Observation>(
  environment: Environment<Observation, number>,
  action: number,
  where: string,
): MaybePromise<StepResult<Observation>> {
  const answer = callEnvironment(() => environment.step(action), `${where}: environment.step()`);
  return chain(answer, (result) => {
    checkStep(`${where}: environment.step()`, result);
    return result;
  });
}
