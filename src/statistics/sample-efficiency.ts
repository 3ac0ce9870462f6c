import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import { interquartileMean } from './aggregates.ts';
import { bootstrapInterval, type BootstrapOptions, type Interval } from './bootstrap.ts';
import type { Scores } from './scores.ts';

/** The scores of all runs at one point of training. */
export interface ScoresAt {
  /** Environment steps until then. */
  readonly step: number;
  readonly scores: Scores;
}

/** One point of a sample-efficiency curve. */
export interface EfficiencyPoint extends Interval {
  /** Environment steps until then. */
  readonly step: number;
}

/** How to draw a sample-efficiency curve. */
export interface EfficiencyOptions extends BootstrapOptions {
  /** What is drawn. Default {@link interquartileMean}. */
  readonly statistic?: (scores: Scores) => number;
}

/**
 * The sample-efficiency curve: the interquartile mean, or another statistic, at each point of training with its confidence interval (Agarwal et al. 2021, figure
 * 7). Every point is drawn for itself: the band covers each point with the given confidence, not the whole curve.
 *
 * @param points - by rising step.
 * @throws DqnError `invalid-option` on bad scores or options, or where steps do not rise.
 */
export function sampleEfficiency(
  points: readonly ScoresAt[],
  { statistic = interquartileMean, ...options }: EfficiencyOptions = {},
): EfficiencyPoint[] {
  if (!Array.isArray(points) || points.length === 0) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'sampleEfficiency(points)',
      expected: 'at least one point { step, scores }',
      received: describe(points),
      remedy: 'Pass the scores of all runs at each evaluation.',
    });
  }
  const random = new Random(options.seed ?? 0);
  return points.map(({ step, scores }: ScoresAt, i) => {
    checkInteger(`sampleEfficiency(points[${i}]).step`, step, { min: i === 0 ? 0 : points[i - 1].step + 1 });
    const seed = random.split(`point ${i}`).uint32();
    return { step, ...bootstrapInterval(statistic, [scores], { ...options, seed }) };
  });
}
