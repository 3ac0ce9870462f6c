import type { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { ReplayPriorities } from './replay-priorities.ts';

/** What a sampler may look at. Transition `id` lies in slot `id mod capacity`; those from `oldest` to `oldest + size − 1` are held. */
export interface SampleContext {
  /** The smallest id held. */
  readonly oldest: number;
  /** Transitions held, at least 1. */
  readonly size: number;
  readonly random: Random;
  /** Environment steps so far: the clock of schedules. */
  readonly step: number;
}

/** Says which of the stored transitions are drawn, and how much each counts. */
export interface Sampler {
  /** For example `proportional`. */
  readonly kind: string;
  /** Bytes of the typed arrays it holds, where it holds any. */
  readonly byteLength?: number;
  /** Of what was added and is not gone, where it has priorities; nothing while there is none. */
  readonly priorities?: ReplayPriorities | undefined;
  /** Called when transition `id` was stored; the one `capacity` before it is gone then. */
  added(id: number): void;
  /** Writes the ids to draw, with replacement, and their importance weights, which are ones on entry. */
  draw(context: SampleContext, ids: Float64Array, weights: Float32Array): void;
  /** Tells the TD errors of transitions that were drawn; only of those that are still held. */
  update?(id: number, tdError: number): void;
  /** What it remembers; `null` for nothing. */
  getState(): State;
  /** @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`; nothing has changed then. */
  setState(state: State, held: { readonly oldest: number; readonly size: number }): void;
}

/** A sampler still to be built, for a number of slots. */
export interface SamplerSpec {
  readonly kind: string;
  /** A sampler for slots 0 … capacity − 1. */
  create(capacity: number): Sampler;
}
