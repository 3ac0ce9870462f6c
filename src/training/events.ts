import type { UpdateReport } from '../agent/agent.ts';
import type { DqnError } from '../common/errors.ts';
import type { Evaluation } from './evaluate.ts';

/** One environment took one step. */
export interface StepEvent {
  readonly kind: 'step';
  /** Environment steps of the agent so far, this one included. */
  readonly step: number;
  /** Which environment of the vector. */
  readonly environment: number;
  readonly action: number;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** An episode ended. */
export interface EpisodeEvent {
  readonly kind: 'episode';
  /** Environment steps of the agent so far. */
  readonly step: number;
  /** Episodes finished in this run, this one included. */
  readonly episode: number;
  /** Which environment of the vector. */
  readonly environment: number;
  /** The undiscounted sum of its rewards. */
  readonly return: number;
  /** Its steps. */
  readonly length: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** A gradient update was done. Its `tdErrors` are its own: nothing writes into them. */
export interface UpdateEvent extends UpdateReport {
  readonly kind: 'update';
  /** Environment steps of the agent so far. */
  readonly step: number;
}

/** The agent was evaluated. */
export interface EvaluationEvent extends Evaluation {
  readonly kind: 'evaluation';
  /** Environment steps of the agent so far. */
  readonly step: number;
}

/** A checkpoint was taken. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  /** Environment steps of the agent so far. */
  readonly step: number;
  /** The whole run: give it to `train({ resume })` to go on. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Something went wrong that does not stop the run: an actor died and another one has taken its place, or, in a worker, a checkpoint could not be kept or a damaged one was passed over. */
export interface ProblemEvent {
  readonly kind: 'problem';
  /** Environment steps of the agent so far. */
  readonly step: number;
  readonly error: DqnError;
}

/** What `train` tells, told apart by `kind`. */
export type TrainEvent = StepEvent | EpisodeEvent | UpdateEvent | EvaluationEvent | CheckpointEvent | ProblemEvent;
