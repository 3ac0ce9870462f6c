import { DqnError } from '../../src/common/errors.ts';

/** What an error of the library says, its code first; throws if there is none. */
export function wordsOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof DqnError)) throw error;
    return `${error.code}: ${error.message}`;
  }
  throw new Error('nothing was refused');
}
