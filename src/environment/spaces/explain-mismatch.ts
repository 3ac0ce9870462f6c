import { describe } from '../../common/errors.ts';
import type { Space } from './space.ts';

/**
 * Says why a value is not in a space, as `expected … but received …`: its type, its length, a NaN or a number out of range
 * and at which index. `undefined` where the value belongs to the space.
 */
export function explainMismatch(space: Space, value: unknown): string | undefined {
  if (space.explain !== undefined) return space.explain(value);
  return space.contains(value) ? undefined : `expected an element of the ${space.kind} space but received ${describe(value)}`;
}
