import { DqnError } from '../common/errors.ts';
import { isDiscrete, type DiscreteSpace, type Space } from '../environment/spaces.ts';

/**
 * The action space as the discrete one that Q-learning needs.
 * @throws DqnError `invalid-space` if it is another one.
 */
export function discreteActions(space: Space<number>, where: string): DiscreteSpace {
  // A class in place of its instance has none.
  const given = space as Space<number> | undefined;
  if (given !== undefined && isDiscrete(given)) return given;
  throw new DqnError({
    code: 'invalid-space',
    where,
    expected: 'an environment with a discrete action space',
    received: given === undefined ? 'something without an actionSpace' : `a ${given.kind} space`,
    remedy:
      given === undefined
        ? 'Pass an environment, not its class.'
        : 'Use discrete(n), and turn the number into your action within the environment.',
  });
}
