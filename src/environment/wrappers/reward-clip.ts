import { checkNumber } from '../../common/check.ts';
import type { Environment } from '../environment.ts';
import { wrap } from './wrapper.ts';

/** The range that {@link rewardClip} clips to. */
export interface RewardClipOptions {
  /** The smallest reward given. */
  readonly min: number;
  /** The largest reward given, at least `min`. */
  readonly max: number;
}

/**
 * Clips every reward: `r ← min(max(r, options.min), options.max)`; DQN on Atari uses [−1, 1] (Mnih et al. 2015, methods).
 * A NaN stays one, so that it is not hidden.
 *
 * @throws DqnError `invalid-option` unless both bounds are finite and in order.
 */
export function rewardClip<Observation, Action>(
  environment: Environment<Observation, Action>,
  { min, max }: RewardClipOptions,
): Environment<Observation, Action> {
  checkNumber('rewardClip(min)', min);
  checkNumber('rewardClip(max)', max, { min });
  return wrap(environment, {
    kind: 'rewardClip',
    observationSpace: environment.observationSpace,
    begin: (first) => first,
    advance: (result) => ({ ...result, reward: Math.min(Math.max(result.reward, min), max) }),
  });
}
