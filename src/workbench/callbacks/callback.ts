import type { MaybePromise } from '../../common/maybe-promise.ts';
import type { TrainEvent } from '../../training/events.ts';
import type { TrainingRun } from '../../training/train.ts';

/** What callbacks may ask of the run that they watch: a checkpoint, and whether all of a step has been told, without which none should be taken. */
export type WatchedRun = Pick<TrainingRun, 'checkpoint' | 'checkpointParts' | 'pending'>;

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'stopped';
      /** The callback that asked for it; `caller` where nobody asked for further events. */
      readonly by: string;
      /** Why, in words. */
      readonly reason: string;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Watches a run. Write your own as an object; what it needs, an agent for example, it is given when it is made. */
export interface Callback {
  /** For messages and outcomes, for example `keepBest`. */
  readonly name: string;
  /** Called once, before the first event. */
  begin?(): MaybePromise<void>;
  /** Called with every event. A text ends the run, and says why. */
  onEvent?(event: TrainEvent, run: WatchedRun): MaybePromise<string | void>;
  /** Called once, after the last event, however the run has ended; also where another callback failed. */
  end?(run: WatchedRun, outcome: Outcome): MaybePromise<void>;
}

/** A run that callbacks watch. */
export interface CallbackRun extends TrainingRun {
  /** How it ended; nothing while it goes on. */
  readonly outcome: Outcome | undefined;
}
