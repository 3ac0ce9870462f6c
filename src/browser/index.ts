/**
 * What needs a browser: training in a web worker, and checkpoints in its database.
 *
 * @packageDocumentation
 */
export { indexedDbStore, type IndexedDbStoreOptions } from './indexed-db-store.ts';
export { serveTraining } from './serve-training.ts';
export { trainInWorker } from './train-in-worker.ts';
export type { FinalState } from '../remote/protocol.ts';
export type { TrainingRecipe, TrainingSetup } from '../remote/serve.ts';
export type { Trainer, TrainerOptions } from '../remote/trainer.ts';
export type { ProgressEvent, SavedEvent, StatusEvent, TrainerEvent, TrainerStatus } from '../remote/trainer-events.ts';
export type { UpdateSummary } from '../training/update-tally.ts';
