import { meanScore } from '../../statistics/aggregates.ts';
import { bootstrapInterval } from '../../statistics/bootstrap.ts';
import type { Scores } from '../../statistics/scores.ts';
import type { LoggedScalar } from '../loggers/memory-logger.ts';

/** A point of a curve over several runs. */
export interface CurvePoint {
  readonly step: number;
  /** Or another statistic of the runs. */
  readonly mean: number;
  /** Its 95 % bootstrap interval over runs; the value itself for one run. */
  readonly low: number;
  readonly high: number;
}

/** Points of a curve. */
const POINTS = 100;

/**
 * The mean of several runs with its confidence band, at up to a hundred steps that they share: from the latest first number to the earliest last one. Each run is taken as lines between its numbers,
 * of which those nearest to the same point are averaged first. Numbers that are not finite are left out.
 *
 * @param statistic - of the runs at a step. Default their mean.
 */
export function meanCurve(
  runs: readonly (readonly LoggedScalar[])[],
  statistic: (scores: Scores) => number = meanScore,
): CurvePoint[] {
  const sound = runs.map((run) => run.filter(({ value }) => Number.isFinite(value))).filter((run) => run.length > 0);
  if (sound.length === 0) return [];
  const from = Math.max(...sound.map((run) => run[0].step));
  const to = Math.min(...sound.map((run) => (run.at(-1) as LoggedScalar).step));
  if (to < from) return [];
  const most = Math.max(...sound.map((run) => run.length));
  const count = to === from ? 1 : Math.min(POINTS, Math.max(2, most));
  const width = count === 1 ? 0 : (to - from) / (count - 1);
  const smooth = sound.map((run) => averaged(run, from, width));
  return Array.from({ length: count }, (_, i) => {
    const step = from + i * width;
    const scores = smooth.map((run) => at(run, step));
    const { estimate, low, high } =
      scores.length === 1
        ? { estimate: scores[0], low: scores[0], high: scores[0] }
        : bootstrapInterval(statistic, [{ runs: scores }], { resamples: 500, seed: i });
    return { step, mean: estimate, low, high };
  });
}

/** The numbers nearest to each of the points become one, at the mean of their steps. */
function averaged(run: readonly LoggedScalar[], from: number, width: number): LoggedScalar[] {
  if (width === 0) return [...run];
  const nearest = new Map<number, LoggedScalar[]>();
  for (const each of run) {
    const point = Math.round((each.step - from) / width);
    const others = nearest.get(point);
    if (others) others.push(each);
    else nearest.set(point, [each]);
  }
  return [...nearest.values()].map((part) => {
    const mean = (of: (each: LoggedScalar) => number): number => part.reduce((sum, each) => sum + of(each), 0) / part.length;
    return { step: mean(({ step }) => step), value: mean(({ value }) => value) };
  });
}

/** The value on the lines between the points of a run; beyond its ends that of the end. */
function at(run: readonly LoggedScalar[], step: number): number {
  const after = run.findIndex((each) => each.step >= step);
  if (after < 0) return (run.at(-1) as LoggedScalar).value;
  if (after === 0 || run[after].step === step) return run[after].value;
  const [a, b] = [run[after - 1], run[after]];
  return a.value + ((b.value - a.value) * (step - a.step)) / (b.step - a.step);
}
