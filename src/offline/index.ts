/**
 * Recorded experience: datasets, what is in them, and what another policy would have got.
 *
 * @packageDocumentation
 */

export { decodeDataset, encodeDataset } from './dataset-file.ts';
export { Dataset } from './dataset.ts';
export type { DatasetColumns } from './dataset.ts';
export { datasetLayout, fillReplay } from './fill-replay.ts';
export type { FillReplayOptions } from './fill-replay.ts';
export { importanceSampling } from './importance-sampling.ts';
export type { ImportanceSamplingOptions } from './importance-sampling.ts';
export { stateActionCoverage, trajectoryQuality } from './measures.ts';
