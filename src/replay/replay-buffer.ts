import type { Random } from '../common/random.ts';
import type { Stateful } from '../common/state.ts';
import type { Stacking } from '../environment/spaces/box.ts';
import type { ReplayPriorities } from './replay-priorities.ts';

/** What the buffer must know of the problem before it allocates. */
export interface ReplayLayout {
  /** Numbers in one observation. */
  readonly observationSize: number;
  /** How observations are kept. Bytes stay bytes. */
  readonly observationType: 'float32' | 'uint8';
  /** A: number of actions, for masks. */
  readonly actions: number;
  /** Where observations are stacks of the last frames: each frame is then kept once. */
  readonly stacking?: Stacking;
}

/** One transition to store. The buffer copies what it keeps. */
export interface Transition {
  /** Which environment of a vector it comes from; 0 for a single one. */
  readonly stream: number;
  readonly observation: Float32Array | Uint8Array;
  readonly action: number;
  /** The (n-step) reward. */
  readonly reward: number;
  /** γⁿ where the transition may bootstrap, 0 where the episode terminated. */
  readonly discount: number;
  /** The observation n steps later; the true last one at the end of an episode. */
  readonly nextObservation: Float32Array | Uint8Array;
  /** `[A]`: possible actions at `nextObservation`; all where left out. */
  readonly nextActionMask?: Uint8Array | undefined;
}

/** Sampled transitions, written into arrays that the buffer reuses: valid until the next `sample`. */
export interface Batch {
  /** B. */
  readonly size: number;
  /** `[B, D]`; bytes are given as their numbers 0 … 255. */
  readonly observations: Float32Array;
  /** `[B]`. */
  readonly actions: Int32Array;
  /** `[B]`. */
  readonly rewards: Float32Array;
  /** `[B]`. */
  readonly discounts: Float32Array;
  /** `[B, D]`. */
  readonly nextObservations: Float32Array;
  /** `[B, A]`: possible next actions; left out where no transition ever came with a mask. */
  readonly nextActionMasks?: Uint8Array | undefined;
  /** `[B]`: importance weights, ones for uniform sampling. */
  readonly weights: Float32Array;
  /** `[B]`: which transition each row is: its number since the buffer began, never reused. */
  readonly ids: Float64Array;
}

/** Keeps transitions and gives batches of them. */
export interface ReplayBuffer extends Stateful {
  /** For example `uniform`. */
  readonly kind: string;
  /** The most transitions it holds; then the oldest goes. */
  readonly capacity: number;
  /** Transitions held now. */
  readonly size: number;
  /** Of prioritised buffers, while something is held. To read them changes nothing. */
  readonly priorities?: ReplayPriorities | undefined;
  /** Copies a transition in. */
  add(transition: Transition): void;
  /**
   * Draws a batch with replacement.
   * @param step - environment steps so far: the clock of schedules. Default 0.
   * @throws DqnError `empty-replay` if the buffer is empty.
   */
  sample(batchSize: number, random: Random, step?: number): Batch;
  /** Tells the TD errors `[B]` of a batch that was drawn, for prioritised buffers. What has been overwritten since is left alone. */
  updatePriorities?(ids: Float64Array, tdErrors: Float32Array): void;
  /** Called when the episode of an environment is over, after its last transition was added. */
  endEpisode?(stream: number): void;
  /** Transitions that it keeps of a step, copies included. Left out: 1. */
  readonly transitionsPerStep?: number;
}

/** A buffer still to be built: what `replay:` takes. */
export interface ReplaySpec {
  readonly kind: string;
  readonly capacity: number;
  /** Whether it needs every step as it is, so that returns over n steps make no sense with it. */
  readonly singleStep?: boolean;
  /** Builds the buffer, once the problem is known. */
  create(layout: ReplayLayout): ReplayBuffer;
}
