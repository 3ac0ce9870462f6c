import type { Random } from '../common/random.ts';
import type { Stateful } from '../common/state.ts';

/** What an explorer chooses from. All arrays are row-major. */
export interface ExplorerInput {
  /** N: number of states to act in. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[N, A]`, or `[N, heads, A]` for an explorer that has heads; may be longer. */
  readonly qValues: Float32Array;
  /** `[N, A]`: 1 where an action is possible. Left out where all are. At least one a row is. */
  readonly masks?: Uint8Array | undefined;
  /** `[N]`: which environment of a vector each state is of: 0, 1, … */
  readonly streams: Int32Array;
  /** `[N, D]`: the states, as the network sees them; may be longer. */
  readonly observations: Float32Array;
  /** D. */
  readonly observationSize: number;
  /** Environment steps taken so far. */
  readonly step: number;
  readonly random: Random;
}

/** Chooses actions from action values. Each state of a batch gets its own random draws. */
export interface Explorer {
  /** For example `epsilonGreedy`. */
  readonly kind: string;
  /** K: estimates of all action values that the network must give side by side. Default 1. */
  readonly heads?: number;
  /** The probability that a head learns from a transition, for an explorer with heads. Default 1. */
  readonly headProbability?: number;
  /** For an explorer that relies on noisy layers: whether their noise is drawn for every action or held for an episode. */
  readonly noise?: 'step' | 'episode';
  /** Writes one possible action a state into `out` `[N]`. */
  select(input: ExplorerInput, out: Int32Array): void;
  /** The rate shown in progress reports (ε, temperature) at a step. */
  rate?(step: number): number;
  /** Only for explorers that remember something from step to step: one with an empty memory, which an agent keeps for itself. */
  fresh?(): RememberingExplorer;
}

/** An explorer with a memory, which belongs to one agent and is saved with it. */
export interface RememberingExplorer extends Explorer, Stateful {
  /** Called when the episode of an environment is over. */
  endEpisode?(stream: number): void;
}
