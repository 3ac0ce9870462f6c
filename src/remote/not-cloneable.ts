import { DqnError, describe } from '../common/errors.ts';

/** The error for a config that cannot be sent to a worker. */
export function notCloneable(where: string, cause: unknown): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where,
    expected: 'what can be copied to the worker: numbers, texts, typed arrays, plain objects and lists of them',
    received: cause instanceof Error ? cause.message : describe(cause),
    remedy: 'Leave functions out: make what has any in the worker, from numbers and names in the config.',
    cause,
  });
}
