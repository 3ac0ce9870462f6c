import type { MaybePromise } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import type { Space } from './spaces.ts';

/** Diagnostic values beside an observation; never used for learning. */
export type Info = Readonly<Record<string, unknown>>;

/** What `reset` may be told. */
export interface ResetOptions {
  /** Starts the environment's random stream anew. Without it the stream goes on; the first reset without one is seeded by 0. */
  readonly seed?: number;
  /** Meant for one environment, documented there. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The first observation of an episode. */
export interface ResetResult<Observation> {
  readonly observation: Observation;
  /** Which actions are possible now, one byte an action, 1 or 0. Left out where all are. */
  readonly actionMask?: Uint8Array | undefined;
  readonly info: Info;
}

/** What one action led to. */
export interface StepResult<Observation> {
  /** The next observation, a fresh value that the environment never changes later. */
  readonly observation: Observation;
  /** Finite. */
  readonly reward: number;
  /** The episode ended within the problem: a goal, a crash. There is no future value. */
  readonly terminated: boolean;
  /** The episode was cut off from outside, by a time limit say. The future goes on having value. */
  readonly truncated: boolean;
  /** Which actions are possible next, one byte an action, 1 or 0. Left out where all are. */
  readonly actionMask?: Uint8Array | undefined;
  readonly info: Info;
}

/** How an environment draws itself: `ansi` text for a terminal, or an `svg` document. */
export type RenderMode = 'ansi' | 'svg';

/**
 * A world to act in, with Gymnasium's semantics: `reset`, then `step` until `terminated` or `truncated`, then `reset` again.
 * It may answer at once or with promises. Only `observationSpace`, `actionSpace`, `reset` and `step` are required.
 */
export interface Environment<Observation = unknown, Action = unknown> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  /** Starts an episode. Equal seeds followed by equal actions give equal episodes. */
  reset(options?: ResetOptions): MaybePromise<ResetResult<Observation>>;
  /** @throws DqnError `not-reset` before the first `reset` and after the end of an episode. */
  step(action: Action): MaybePromise<StepResult<Observation>>;
  /** The environment as a picture in text. */
  render?(mode: RenderMode): string;
  /** Frees what it holds. */
  close?(): MaybePromise<void>;
  /** The whole state of the running episode and the random stream, for exact resumption. */
  getState?(): State;
  /** Goes on from a saved state. */
  setState?(state: State): void;
}
