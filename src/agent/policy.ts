import type { Answer, Timing } from '../common/maybe-promise.ts';
import type { ValueHead } from '../heads/value-head.ts';
import type { Engine } from '../networks/q-network.ts';

/** How to choose an action. */
export interface ActOptions {
  /** Whether to explore (`true`, while training) or to take the best action (`false`, in evaluation and in use). */
  readonly explore?: boolean;
  /** One byte an action, 1 where it is possible. All are where left out. */
  readonly actionMask?: Uint8Array | undefined;
  /** Which environment of a vector the observation is of: a network with memory remembers each by itself. Default 0. */
  readonly stream?: number;
  /**
   * Whether it is the first observation of an episode, so that a network with memory forgets what came before. While exploring `observe` tells the agent;
   * where you act without exploring, say it yourself, as `evaluate` does. Exploring and evaluation have memories of their own.
   */
  readonly first?: boolean;
}

/** Anything that acts: an agent, a loaded policy, or a function of your own in an object. */
export interface Policy<Observation, M extends Timing = Timing> {
  /** The action for an observation. */
  act(observation: Observation, options?: ActOptions): Answer<number, M>;
}

/** A policy that was loaded: takes the best action, and tells its Q-values. */
export interface LoadedPolicy<Observation, M extends Timing = 'sync'> extends Policy<Observation, M> {
  /** Q(s, ·) `[A]`, a fresh array. */
  qValues(observation: Observation): Answer<Float32Array, M>;
  /** Frees the network. */
  dispose(): void;
}

/** What a policy is loaded with. */
export interface LoadPolicyOptions<M extends Timing = Timing> {
  /** What runs the network. Default `wasm()`. */
  readonly engine?: Engine<M>;
  /** The head it was trained with. Default `expected()`. */
  readonly head?: ValueHead;
}
