import { DqnError, describe } from '../../common/errors.ts';
import type { Space } from './space.ts';

/** Throws `invalid-space` unless every part of a composite space is a space; there must be at least one. */
export function checkSpaces(where: string, parts: readonly (readonly [name: string, space: Space])[]): void {
  const remedy = 'Build the parts with box(), discrete() and the like.';
  if (parts.length === 0) {
    throw new DqnError({ code: 'invalid-space', where, expected: 'at least one space', received: 'none', remedy });
  }
  for (const [name, space] of parts) {
    if (typeof space?.sample !== 'function' || typeof space.contains !== 'function') {
      throw new DqnError({
        code: 'invalid-space',
        where: `${where} at ${name}`,
        expected: 'a space',
        received: describe(space),
        remedy,
      });
    }
  }
}
