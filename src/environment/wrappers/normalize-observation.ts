import { checkNames, checkNumber } from '../../common/check.ts';
import { DqnError } from '../../common/errors.ts';
import type { Environment } from '../environment.ts';
import { type BoxDtype, type BoxElement, BoxSpace } from '../spaces/box.ts';
import { requireBox } from './require-box.ts';
import { RunningStatistics } from './running-statistics.ts';
import { wrap } from './wrapper.ts';

/** What {@link normalizeObservation} may be told. */
export interface NormalizeOptions {
  /** Added to the variance, above 0. Default 1e-8. */
  readonly epsilon?: number;
  /** Normalised numbers are clipped to ±clip, above 0. Default 10. */
  readonly clip?: number;
  /** Statistics to use, those of the training environment say. Default: new ones. */
  readonly statistics?: RunningStatistics;
  /** Whether the statistics stay as they are. Default false. */
  readonly frozen?: boolean;
}

/** The statistics of a normalised environment, and the switch that freezes them. */
export interface Normalization {
  /** Mean and variance of all raw observations seen while not frozen. */
  readonly statistics: RunningStatistics;
  /** While true, observations no longer change the statistics. A switch of yours: it is not part of the saved state. */
  frozen: boolean;
}

/** An environment whose observations are normalised. */
export interface NormalizedEnvironment<Action> extends Environment<Float32Array, Action> {
  readonly normalization: Normalization;
}

/**
 * Shifts and scales every number of an observation by its running mean and variance, then clips:
 * `x ← clip((x − mean) / √(variance + epsilon))`. An observation is counted first, then normalised.
 *
 * The statistics go on over episodes and resets: while they are not frozen, equal seeds give equal worlds but not equal numbers. They are part
 * of the saved state. For evaluation, share and freeze them:
 * `normalizeObservation(other, { statistics: training.normalization.statistics, frozen: true })`.
 *
 * @throws DqnError `invalid-space` if the observation space is not a box; `invalid-option` if an option is out of range or misspelt, or the
 * statistics are of another length.
 */
export function normalizeObservation<Observation extends BoxElement<BoxDtype>, Action>(
  environment: Environment<Observation, Action>,
  options: NormalizeOptions = {},
): NormalizedEnvironment<Action> {
  const kind = 'normalizeObservation';
  checkNames('normalizeObservation(options)', options, { epsilon: true, clip: true, statistics: true, frozen: true });
  const { shape, flatSize: size } = requireBox(kind, environment.observationSpace);
  const epsilon = checkNumber('normalizeObservation(epsilon)', options.epsilon ?? 1e-8, { min: 0, exclusiveMin: true });
  const clip = Math.fround(checkNumber('normalizeObservation(clip)', options.clip ?? 10, { min: 0, exclusiveMin: true }));
  const { statistics = new RunningStatistics(size), frozen = false } = options;
  if (statistics.mean.length !== size) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'normalizeObservation(statistics)',
      expected: `statistics of ${size} numbers`,
      received: `statistics of ${statistics.mean.length}`,
      remedy: 'Share statistics between environments with the same observations.',
    });
  }
  const normalization: Normalization = { statistics, frozen };
  const normalize = (observation: Observation): Float32Array => {
    if (!normalization.frozen) statistics.add(observation);
    const out = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const value = (observation[i] - statistics.mean[i]) / Math.sqrt(statistics.variance(i) + epsilon);
      out[i] = Math.min(Math.max(value, -clip), clip);
    }
    return out;
  };
  const bound = new Float32Array(size).fill(clip);
  const wrapped = wrap(environment, {
    kind,
    observationSpace: new BoxSpace(
      'float32',
      shape,
      bound.map((value) => -value),
      bound,
    ),
    begin: (first) => ({ ...first, observation: normalize(first.observation) }),
    advance: (result) => ({ ...result, observation: normalize(result.observation) }),
    save: () => statistics.getState(),
    load: (state) => statistics.check(state),
  });
  return Object.assign(wrapped, { normalization });
}
