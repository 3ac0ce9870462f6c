import type { CheckpointEvent, EpisodeEvent, EvaluationEvent, ProblemEvent } from '../training/events.ts';
import type { UpdateSummary } from '../training/update-tally.ts';
import type { DqnError } from '../common/errors.ts';

/**
 * Where a trainer stands.
 *
 * - `preparing`: the worker is making its agent.
 * - `ready`: it is made, and waits for `start()`.
 * - `running`, `paused`.
 * - `finished`: all steps are taken.
 * - `failed`: the run ended with an error; what was learned can still be fetched, if the agent was made.
 * - `stopped`: by `stop()` or `terminate()`; the worker is gone.
 * - `lost`: the worker died.
 */
export type TrainerStatus = 'preparing' | 'ready' | 'running' | 'paused' | 'finished' | 'failed' | 'stopped' | 'lost';

/** The trainer stands elsewhere now. */
export interface StatusEvent {
  readonly kind: 'status';
  readonly status: TrainerStatus;
  /** Environment steps of the agent so far. */
  readonly step: number;
  /** Why, where it `failed` or is `lost`. */
  readonly error?: DqnError;
}

/** What happened since the last progress; told a limited number of times a second. */
export interface ProgressEvent {
  readonly kind: 'progress';
  /** Environment steps of the agent so far. */
  readonly step: number;
  /** Gradient updates of the agent so far. */
  readonly updates: number;
  /** Environment steps a second, since the last progress. */
  readonly stepsPerSecond: number;
  /** The episodes that ended, every one. */
  readonly episodes: readonly EpisodeEvent[];
  /** The updates since the last progress, summed up; left out where there was none. */
  readonly update?: UpdateSummary;
}

/** A checkpoint was kept in the worker's store. */
export interface SavedEvent {
  readonly kind: 'saved';
  readonly step: number;
  /** Its name in the store. */
  readonly name: string;
}

/** What a trainer tells, told apart by `kind`. Checkpoints come as events where the worker has no store for them. */
export type TrainerEvent = StatusEvent | ProgressEvent | EvaluationEvent | CheckpointEvent | SavedEvent | ProblemEvent;
