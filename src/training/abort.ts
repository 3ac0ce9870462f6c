import { DqnError, describe } from '../common/errors.ts';

/** The part of an `AbortSignal` that is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

/** @throws DqnError `aborted`, with the signal's reason as its cause, if the signal is aborted. */
export function throwIfAborted(signal: AbortSignalLike | undefined, where: string): void {
  if (!signal?.aborted) return;
  throw new DqnError({
    code: 'aborted',
    where,
    expected: 'a signal that is not aborted',
    received: `an abort (${describe(signal.reason instanceof Error ? signal.reason.message : signal.reason)})`,
    remedy: 'Everything learned so far is kept: call again to go on.',
    cause: signal.reason,
  });
}
