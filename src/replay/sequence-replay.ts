import type { Random } from '../common/random.ts';
import type { Stateful } from '../common/state.ts';
import type { ReplayLayout } from './replay-buffer.ts';
import type { ReplayPriorities } from './replay-priorities.ts';

/** What the buffer must know of the problem before it allocates. */
export interface SequenceLayout extends ReplayLayout {
  /** H: numbers in the network's recurrent state. */
  readonly stateSize: number;
  /** n: rewards summed before a target bootstraps. */
  readonly nStep: number;
  /** γ in [0, 1]. */
  readonly discount: number;
}

/** One step of one environment. The buffer copies what it keeps. */
export interface SequenceStep {
  /** Which environment of a vector: 0, 1, … */
  readonly stream: number;
  readonly observation: Float32Array | Uint8Array;
  readonly action: number;
  readonly reward: number;
  /** The true next observation, also at the end of an episode. */
  readonly nextObservation: Float32Array | Uint8Array;
  /** `[A]`: possible actions at `nextObservation`; all where left out. */
  readonly nextActionMask?: Uint8Array | undefined;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** `[H]`: the network's recurrent state when it saw `observation`, before it took it in. */
  readonly state: Float32Array;
}

/**
 * Sampled sequences, step after step (time-major), in arrays that the buffer reuses: valid until the next `sample`. The network is unrolled over all
 * U = burnIn + T + n observations of a sequence; the first `burnIn` only warm the state up, the next T are learned from, the rest is to bootstrap
 * from. A sequence that ends earlier is filled up with zeros of weight 0.
 */
export interface SequenceBatch {
  /** B: number of sequences. */
  readonly size: number;
  /** Steps that only warm the state up. */
  readonly burnIn: number;
  /** T: steps that are learned from. */
  readonly steps: number;
  /** U: observations of each sequence. */
  readonly unroll: number;
  /** `[U, B, D]`. */
  readonly observations: Float32Array;
  /** `[B, H]`: the states before the first real observations. */
  readonly states: Float32Array;
  /**
   * `[B]`: 1 where the first `burnIn` observations are real and warm the state up, starting from `states`. 0 where there are none, at the beginning of
   * an episode: those observations are zeros, and `states` is the state before step `burnIn`, to be put in place of what the zeros led to.
   */
  readonly burnedIn: Uint8Array;
  /** `[T, B]`. */
  readonly actions: Int32Array;
  /** `[T, B]`: n-step rewards, shorter where the episode or what is stored of it ends. */
  readonly rewards: Float32Array;
  /** `[T, B]`: γᵏ for the k rewards summed, 0 where the episode terminated within them. */
  readonly discounts: Float32Array;
  /** `[T, B]`: the step in 0 … U − 1 whose observation is bootstrapped from. */
  readonly next: Int32Array;
  /** `[T, B, A]`: possible actions there; left out where no step ever came with a mask. */
  readonly nextActionMasks?: Uint8Array | undefined;
  /** `[T, B]`: the sequence's importance weight where the step is real, 0 where it is padding. */
  readonly weights: Float32Array;
  /** `[B]`: which sequence each is; never reused. */
  readonly ids: Float64Array;
}

/** Keeps sequences of steps, for networks with memory. */
export interface SequenceReplay extends Stateful {
  readonly kind: string;
  /** The most steps it holds. */
  readonly capacity: number;
  /** Steps held now. */
  readonly size: number;
  /** Sequences that can be drawn now. */
  readonly sequences: number;
  /** Of sequences, where they are drawn by priority, while there are some. To read them changes nothing. */
  readonly priorities?: ReplayPriorities | undefined;
  /** Copies a step in. */
  add(step: SequenceStep): void;
  /** Called when the episode of an environment is over or cut off. */
  endEpisode(stream: number): void;
  /**
   * Draws sequences with replacement.
   * @param step - environment steps so far: the clock of schedules. Default 0.
   * @throws DqnError `empty-replay` if there is no sequence yet.
   */
  sample(batchSize: number, random: Random, step?: number): SequenceBatch;
  /** Tells the TD errors `[T, B]` of sequences that were drawn, those of padding being 0. */
  updatePriorities?(ids: Float64Array, tdErrors: Float32Array, weights: Float32Array): void;
}

/** A buffer of sequences still to be built: what `replay:` takes for a recurrent network. */
export interface SequenceReplaySpec {
  readonly kind: string;
  readonly capacity: number;
  readonly sequences: true;
  /** Builds the buffer, once the problem is known. */
  create(layout: SequenceLayout): SequenceReplay;
}
