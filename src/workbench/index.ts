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

// Callbacks.
export type { Callback, CallbackRun, Outcome, WatchedRun } from './callbacks/callback.ts';
export { stopAtReturn, stopWithoutImprovement } from './callbacks/early-stopping.ts';
export type { StopAtReturnOptions, StopWithoutImprovementOptions } from './callbacks/early-stopping.ts';
export { keepBest, type KeepBest, type KeepBestOptions } from './callbacks/keep-best.ts';
export { keepCheckpoints, type KeepCheckpointsOptions } from './callbacks/keep-checkpoints.ts';
export { stepLimit, timeLimit } from './callbacks/limits.ts';
export { runTraining, withCallbacks } from './callbacks/with-callbacks.ts';
export { logTraining, type LogTrainingOptions } from './callbacks/log-training.ts';

// Diagnostics.
export { diagnose, type DiagnoseOptions } from './diagnostics/diagnose.ts';
export { effectiveRank } from './diagnostics/effective-rank.ts';
export { HiddenUnits, type HiddenUnitsReport } from './diagnostics/hidden-units.ts';
export { overestimation, type Overestimation, type OverestimationOptions } from './diagnostics/overestimation.ts';
export { probeObservations, type ProbeOptions } from './diagnostics/probe-observations.ts';
export type { TrainingWarning, WarningKind } from './diagnostics/warnings.ts';

// Loggers.
export { csvLogger } from './loggers/csv-logger.ts';
export { histogramOf, type Histogram } from './loggers/histogram.ts';
export { jsonLinesLogger } from './loggers/json-lines-logger.ts';
export type { Logger, Sink } from './loggers/logger.ts';
export { memoryLogger, type LoggedScalar, type MemoryLogger } from './loggers/memory-logger.ts';
export { tensorBoardLogger } from './loggers/tensor-board-logger.ts';

// Reports.
export { htmlReport, type ReportedRun, type ReportedSetting, type ReportOptions } from './report/html-report.ts';
export { learningCurves, type LearningCurvesOptions } from './report/learning-curves.ts';
export { readLog, type LoggedRun } from './report/read-log.ts';

// Files.
export { readSaved, type SavedFile } from './read-saved.ts';
