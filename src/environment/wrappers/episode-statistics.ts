import type { Environment } from '../environment.ts';
import { damaged, fields, wrap } from './wrapper.ts';

/** What {@link episodeStatistics} tells of an episode, as `info.episode`. */
export interface EpisodeStatistics {
  /** The sum of its rewards, undiscounted, in float64. */
  readonly return: number;
  /** How many steps it had. */
  readonly length: number;
}

/**
 * Adds `info.episode`, an {@link EpisodeStatistics}, to the last step of every episode. The place of the wrapper matters: put inside
 * `rewardClip()` it sums true rewards, put outside clipped ones.
 */
export function episodeStatistics<Observation, Action>(
  environment: Environment<Observation, Action>,
): Environment<Observation, Action> {
  const kind = 'episodeStatistics';
  let sum = 0;
  let length = 0;
  return wrap(environment, {
    kind,
    observationSpace: environment.observationSpace,
    begin(first) {
      sum = 0;
      length = 0;
      return first;
    },
    advance(result) {
      sum += result.reward;
      length++;
      if (!result.terminated && !result.truncated) return result;
      const episode: EpisodeStatistics = { return: sum, length };
      return { ...result, info: { ...result.info, episode } };
    },
    save: () => ({ return: sum, length }),
    load(state) {
      const { return: savedSum, length: savedLength } = fields(kind, state);
      if (typeof savedSum !== 'number' || typeof savedLength !== 'number') {
        throw damaged(kind, 'a return and a length', state);
      }
      return () => {
        sum = savedSum;
        length = savedLength;
      };
    },
  });
}
