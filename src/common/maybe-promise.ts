/** A value, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Whether a part answers at once (`'sync'`) or may need time (`'async'`: a GPU, another thread, another process).
 * The embedded engine is `'sync'`, so that `act` is a plain call on it.
 */
export type Timing = 'sync' | 'async';

/** What a call of a part with timing `M` gives: `T` itself, or perhaps a promise of it. */
export type Answer<T, M extends Timing> = M extends 'sync' ? T : MaybePromise<T>;

/** Whether a value must be awaited. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Calls `next` with the value: at once where the value is there, later where it is a promise. */
export function chain<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Runs, and calls `settle` when what it gives is there, or has failed: at once, or later. */
export function finishing<T>(run: () => MaybePromise<T>, settle: () => void): MaybePromise<T> {
  let result: MaybePromise<T>;
  try {
    result = run();
  } catch (error) {
    settle();
    throw error;
  }
  if (isPromise(result)) return result.finally(settle);
  settle();
  return result;
}
