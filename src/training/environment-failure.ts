import { DqnError } from '../common/errors.ts';

/** What an environment threw, as an `environment-failed` error that keeps the original as its cause. */
export function environmentFailure(cause: unknown, where: string): DqnError {
  if (cause instanceof DqnError && cause.code === 'environment-failed') return cause;
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
