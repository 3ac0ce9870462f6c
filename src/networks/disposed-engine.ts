import { DqnError } from '../common/errors.ts';

/** The error of a call on an engine after `dispose()`. */
export function disposedEngine(factory: string): DqnError {
  return new DqnError({
    code: 'disposed',
    where: 'Engine.createNetwork',
    expected: 'an engine in use',
    received: 'one that dispose() has freed',
    remedy: `Create another engine with ${factory}().`,
  });
}
