import { DqnError } from '../../src/common/errors.ts';

/** The error of the library that some work ends with. */
export async function failure(work: Promise<unknown>): Promise<DqnError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DqnError)) throw new Error(`not a DqnError: ${String(error)}`);
  return error;
}
