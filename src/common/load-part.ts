import { DqnError } from './errors.ts';

/**
 * Loads code that not every application needs, from a file of its own unless a bundler has put all into one.
 * @throws DqnError `file-failed` if the platform cannot; a later call tries again.
 */
export async function loadPart<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new DqnError({
      code: 'file-failed',
      where: '@scope/dqn',
      expected: `the code for ${what}, which is loaded when it is first needed`,
      received: 'an error from the platform',
      remedy: 'Serve all files of the package (or of your bundle) beside its entry, and see the cause.',
      cause,
    });
  }
}
