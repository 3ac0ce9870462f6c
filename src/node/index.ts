/**
 * What needs Node: checkpoints and logs on disk, facts for reports, training in a worker thread, and the bridge to Python's Gymnasium.
 *
 * @packageDocumentation
 */
export { aboutMachine } from './about-machine.ts';
export { readCheckpoint, saveCheckpoint } from './checkpoint-file.ts';
export {
  gymnasium,
  type ElementTypes,
  type GymnasiumEnvironment,
  type GymnasiumOptions,
  type GymnasiumVector,
  type GymnasiumVectorOptions,
} from './bridge/gymnasium.ts';
export type { RenderedFrame, Versions } from './bridge/bridged-vector.ts';
export type { RemoteWarning } from './bridge/connection.ts';
export { serveActor, type ActorPlace, type ActorRecipe, type ActorSetup } from './actors/serve-actor.ts';
export type { ActorMode } from './actors/messages.ts';
export { startActors, type Actors, type StartActorsOptions } from './actors/start-actors.ts';
export { fileStore } from './file-store.ts';
export { openEventFile, openLogFile, type LogFile } from './log-file.ts';
export { serveTraining } from './serve-training.ts';
export { trainInWorker } from './train-in-worker.ts';
export { writeFileAtomic } from './write-file-atomic.ts';
export type { Sink } from '../workbench/loggers/logger.ts';
export type { FinalState } from '../remote/protocol.ts';
export type { TrainingRecipe, TrainingSetup } from '../remote/serve.ts';
export type { Trainer, TrainerOptions } from '../remote/trainer.ts';
export type { ProgressEvent, SavedEvent, StatusEvent, TrainerEvent, TrainerStatus } from '../remote/trainer-events.ts';
export type { UpdateSummary } from '../training/update-tally.ts';
