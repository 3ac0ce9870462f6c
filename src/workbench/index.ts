/**
 * The workbench: statistics that tell whether one algorithm is better than another.
 *
 * @packageDocumentation
 */

// Statistics.
export { interquartileMean, meanScore, medianScore, optimalityGap } from '../statistics/aggregates.ts';
export { bootstrapInterval, bootstrapIntervals, type BootstrapOptions, type Interval } from '../statistics/bootstrap.ts';
export { performanceProfile, type ProfileOptions, type ProfilePoint } from '../statistics/performance-profile.ts';
export { probabilityOfImprovement } from '../statistics/probability-of-improvement.ts';
export { sampleEfficiency, type EfficiencyOptions, type EfficiencyPoint, type ScoresAt } from '../statistics/sample-efficiency.ts';
export type { Scores } from '../statistics/scores.ts';
