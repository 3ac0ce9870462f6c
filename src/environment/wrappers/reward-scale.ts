import { checkNumber } from '../../common/check.ts';
import type { Environment } from '../environment.ts';
import { wrap } from './wrapper.ts';

/**
 * Multiplies every reward by a factor: `r ← factor · r`.
 *
 * @throws DqnError `invalid-option` if the factor is not a finite number.
 */
export function rewardScale<Observation, Action>(
  environment: Environment<Observation, Action>,
  factor: number,
): Environment<Observation, Action> {
  checkNumber('rewardScale(factor)', factor);
  return wrap(environment, {
    kind: 'rewardScale',
    observationSpace: environment.observationSpace,
    begin: (first) => first,
    advance: (result) => ({ ...result, reward: factor * result.reward }),
  });
}
