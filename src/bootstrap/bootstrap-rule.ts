/** What a bootstrap rule decides from. All arrays are row-major. */
export interface BootstrapInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[B, A]`: the target network's Q-values at the next observations. */
  readonly targetQ: Float32Array;
  /** `[B, A]`: the online network's Q-values there; given only to a rule that asks for them with `usesOnline`, otherwise empty. */
  readonly onlineQ: Float32Array;
  /** `[B, A]`: 1 where an action is possible at the next observation, 0 where not. Left out where all are. */
  readonly masks?: Uint8Array;
}

/** Says which next actions are valued in a Bellman target, as a policy π(a | s'): all mass on one action for max and Double. */
export interface BootstrapRule {
  /** For example `doubleQ`. */
  readonly kind: string;
  /** Whether the rule needs the online network's Q-values at the next observations (one more forward pass). */
  readonly usesOnline: boolean;
  /** Writes π(a | s') `[B, A]`. Impossible actions get 0; a state with no possible action gets a row of zeros. */
  policy(input: BootstrapInput, out: Float32Array): void;
}
