import { DqnError } from '../../common/errors.ts';
import { type BoxSpace, isBox } from '../spaces/box.ts';
import type { Space } from '../spaces.ts';

/** Returns the space if it is a box; otherwise throws `invalid-space`. */
export function requireBox(kind: string, space: Space): BoxSpace {
  if (isBox(space)) return space;
  throw new DqnError({
    code: 'invalid-space',
    where: `${kind}(environment)`,
    expected: 'an environment whose observations are a box',
    received: `one with observations in a ${space.kind} space`,
    remedy: 'Wrap it in flattenObservation() first.',
  });
}
