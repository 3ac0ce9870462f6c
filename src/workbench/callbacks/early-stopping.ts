import { checkInteger, checkNames, checkNumber } from '../../common/check.ts';
import type { Callback } from './callback.ts';

/** When {@link stopAtReturn} ends a run. */
export interface StopAtReturnOptions {
  /** The mean return that is good enough. */
  readonly threshold: number;
  /** Of so many of the last training episodes. Left out: of an evaluation. */
  readonly episodes?: number;
}

/**
 * Ends a run when it is good enough: when an evaluation's mean return reaches the threshold, or that of the last training episodes does.
 *
 * @throws DqnError `invalid-option`.
 */
export function stopAtReturn(options: StopAtReturnOptions): Callback {
  checkNames('stopAtReturn(options)', options, { threshold: true, episodes: true });
  const threshold = checkNumber('stopAtReturn({ threshold })', options.threshold);
  const { episodes } = options;
  if (episodes !== undefined) checkInteger('stopAtReturn({ episodes })', episodes, { min: 1 });
  const last: number[] = [];
  return {
    name: 'stopAtReturn',
    begin() {
      last.length = 0;
    },
    onEvent(event) {
      if (episodes === undefined) {
        if (event.kind !== 'evaluation' || event.mean < threshold) return undefined;
        return `an evaluation gave a mean return of ${event.mean}, and ${threshold} is enough`;
      }
      if (event.kind !== 'episode') return undefined;
      last.push(event.return);
      if (last.length > episodes) last.shift();
      const mean = last.reduce((sum, value) => sum + value, 0) / last.length;
      if (last.length < episodes || mean < threshold) return undefined;
      return `the last ${episodes} episodes gave a mean return of ${mean}, and ${threshold} is enough`;
    },
  };
}

/** When {@link stopWithoutImprovement} ends a run. */
export interface StopWithoutImprovementOptions {
  /** So many evaluations in a row without a better one. */
  readonly evaluations: number;
  /** By how much a mean return must be above the best to be better. Default 0: at all. */
  readonly by?: number;
}

/**
 * Ends a run that no longer gets better.
 *
 * @throws DqnError `invalid-option`.
 */
export function stopWithoutImprovement(options: StopWithoutImprovementOptions): Callback {
  checkNames('stopWithoutImprovement(options)', options, { evaluations: true, by: true });
  const patience = checkInteger('stopWithoutImprovement({ evaluations })', options.evaluations, { min: 1 });
  const by = checkNumber('stopWithoutImprovement({ by })', options.by ?? 0, { min: 0 });
  let best = -Infinity;
  let since = 0;
  return {
    name: 'stopWithoutImprovement',
    begin() {
      best = -Infinity;
      since = 0;
    },
    onEvent(event) {
      if (event.kind !== 'evaluation') return undefined;
      if (event.mean > best + by) {
        best = event.mean;
        since = 0;
        return undefined;
      }
      return ++since < patience ? undefined : `no mean return above ${best} in ${since} evaluations`;
    },
  };
}
