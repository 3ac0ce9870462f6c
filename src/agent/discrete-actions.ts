import { DqnError } from '../common/errors.ts';
import { isDiscrete, type DiscreteSpace, type Space } from '../environment/spaces.ts';

/**
 * The action space as the discrete one that Q-learning needs.
 * @throws DqnError `invalid-space` if it is another one.
 */
export function discreteActions(space: Space<number>, where: string): DiscreteSpace {
  if (isDiscrete(space)) return space;
  throw new DqnError({
    code: 'invalid-space',
    where,
    expected: 'an environment with a discrete action space',
    received: `a ${space.kind} space`,
    remedy: 'Use discrete(n), and turn the number into your action within the environment.',
  });
}
