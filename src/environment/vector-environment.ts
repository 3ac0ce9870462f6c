import type { MaybePromise } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import type { Info, ResetOptions } from './environment.ts';
import type { Space } from './spaces.ts';

/**
 * What happens after the end of an episode (the modes of Gymnasium 1.x).
 *
 * - `same-step`: the step that ends an episode also resets. `observations[i]`, `actionMasks[i]` and `infos[i]` are the new episode's first
 *   ones; the true last ones are in `finalObservations[i]`, `finalActionMasks[i]` and `finalInfos[i]`.
 * - `next-step`: `observations[i]` is the true last one. The step after it resets: it ignores the action, gives the new
 *   episode's first observation and reward 0, and is not a transition to learn from.
 * - `disabled`: `observations[i]` is the true last one, and `step` is refused until `reset({ mask })` has reset what ended.
 */
export type AutoresetMode = 'same-step' | 'next-step' | 'disabled';

/** What `vectorize` may be told. */
export interface VectorOptions {
  /** Default `same-step`. */
  readonly autoreset?: AutoresetMode;
}

/** What `reset` of a vector may be told. */
export interface VectorResetOptions extends ResetOptions {
  /** `[size]`: 1 where an environment is to be reset, with autoreset `disabled` only. Default: all are. */
  readonly mask?: Uint8Array;
}

/** The observations of all environments after a reset. */
export interface VectorResetResult<Observation> {
  /** `[size]`; where a mask left an environment alone, its latest one. */
  readonly observations: Observation[];
  /** `[size]`; left out where no environment gave one. */
  readonly actionMasks?: (Uint8Array | undefined)[] | undefined;
  /** `[size]`; empty where a mask left an environment alone. */
  readonly infos: Info[];
}

/** What one action in each environment led to. All arrays are fresh. */
export interface VectorStepResult<Observation> extends VectorResetResult<Observation> {
  /** `[size]`. */
  readonly rewards: Float64Array;
  /** `[size]`: 1 where the episode ended within the problem in this step. */
  readonly terminated: Uint8Array;
  /** `[size]`: 1 where the episode was cut off in this step. */
  readonly truncated: Uint8Array;
  /** `[size]`: in every autoreset mode, the true last observation of each episode that ended in this step. */
  readonly finalObservations: (Observation | undefined)[];
  /** `[size]`: the action masks of the final observations; left out where no environment gave one. */
  readonly finalActionMasks?: (Uint8Array | undefined)[] | undefined;
  /** `[size]`: the infos of the final observations. */
  readonly finalInfos: (Info | undefined)[];
}

/** Several environments of one kind, stepped together. It answers at once where all of them do. */
export interface VectorEnvironment<Observation = unknown, Action = unknown> {
  /** How many environments there are. */
  readonly size: number;
  readonly autoreset: AutoresetMode;
  /** The space of one environment's observations. */
  readonly observationSpace: Space<Observation>;
  /** The space of one environment's actions. */
  readonly actionSpace: Space<Action>;
  /**
   * Starts an episode in every environment, or in those of the mask. Environment i gets the seed `seed + i`; without a seed the streams go on, and
   * the very first reset seeds environment i by i.
   * @throws DqnError `invalid-option` if the last environment's seed would not be a safe integer or the mask does not fit;
   * `environment-failed` naming the first environment that threw.
   */
  reset(options?: VectorResetOptions): MaybePromise<VectorResetResult<Observation>>;
  /**
   * Steps every environment, those that answer later all at the same time.
   * @throws DqnError `invalid-action` unless there is one action an environment; `not-reset` before the first `reset`, after
   * a failure, and with autoreset `disabled` while an ended episode waits for its reset; `environment-failed` naming the first environment
   * that threw, with its error as the cause: all others have been stepped, and `reset()` makes the vector usable again.
   */
  step(actions: readonly Action[]): MaybePromise<VectorStepResult<Observation>>;
  /** Closes all environments, even where one throws. */
  close(): MaybePromise<void>;
  /** The state of all environments, where all can give theirs. */
  getState?(): State;
  /**
   * Goes on from a saved state, where all environments can. Where one of them refuses its part, the vector needs a `reset()`.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  setState?(state: State): void;
}
