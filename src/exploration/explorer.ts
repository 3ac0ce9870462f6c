import type { Random } from '../common/random.ts';

/** What an explorer chooses from. All arrays are row-major. */
export interface ExplorerInput {
  /** N: number of states to act in. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[N, A]`; may be longer. */
  readonly qValues: Float32Array;
  /** `[N, A]`: 1 where an action is possible. Left out where all are. At least one a row is. */
  readonly masks?: Uint8Array;
  /** Environment steps taken so far. */
  readonly step: number;
  readonly random: Random;
}

/** Chooses actions from action values. Each state of a batch gets its own random draws. */
export interface Explorer {
  /** For example `epsilonGreedy`. */
  readonly kind: string;
  /** Writes one possible action a state into `out` `[N]`. */
  select(input: ExplorerInput, out: Int32Array): void;
  /** The rate shown in progress reports (ε, temperature) at a step. */
  rate?(step: number): number;
}
