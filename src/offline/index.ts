/**
 * Recorded experience: datasets, what is in them, how to learn from them, and what another policy would have got.
 *
 * @packageDocumentation
 */

export { constrained, supported } from './action-constraint.ts';
export type { ActionConstraint, SupportedOptions } from './action-constraint.ts';
export { actionModel, actionProbabilities, ofTaken } from './action-model.ts';
export type { ActionModel, ActionModelOptions } from './action-model.ts';
export { behaviorCloning } from './behavior-cloning.ts';
export type { BehaviorCloning, BehaviorCloningOptions } from './behavior-cloning.ts';
export { decodeDataset, encodeDataset } from './dataset-file.ts';
export { Dataset } from './dataset.ts';
export type { DatasetColumns } from './dataset.ts';
export { doublyRobust } from './doubly-robust.ts';
export type { DoublyRobustOptions } from './doubly-robust.ts';
export { datasetLayout, fillReplay } from './fill-replay.ts';
export type { FillReplayOptions } from './fill-replay.ts';
export { fittedQEvaluation } from './fitted-q-evaluation.ts';
export type { FittedQEvaluation, FittedQEvaluationOptions } from './fitted-q-evaluation.ts';
export { decodeHdf5, encodeHdf5 } from './hdf5/hdf5-file.ts';
export type { DecodeHdf5Options, EncodeHdf5Options } from './hdf5/hdf5-file.ts';
export { importanceSampling } from './importance-sampling.ts';
export type { ImportanceSamplingOptions } from './importance-sampling.ts';
export { joinDatasets } from './join-datasets.ts';
export { stateActionCoverage, trajectoryQuality } from './measures.ts';
export type { OfflineLearner, OfflineReport } from './offline-learner.ts';
export { recordDataset } from './record-dataset.ts';
export type { RecordOptions } from './record-dataset.ts';
export { recorder } from './recorder.ts';
export type { Recorder } from './recorder.ts';
export { decodeCsv, encodeCsv } from './text/csv.ts';
export { decodeJsonLines, encodeJsonLines } from './text/json-lines.ts';
export type { TextOptions, TextSource } from './text/transition-table.ts';
export { trainOffline } from './train-offline.ts';
export type { OfflineEvent, OfflineRun, OfflineUpdateEvent, TrainOfflineOptions } from './train-offline.ts';
export { conservative } from '../heads/conservative.ts';
export type { ConservativeHead, ConservativeOptions } from '../heads/conservative.ts';
