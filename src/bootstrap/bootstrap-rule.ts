import type { ValueHead } from '../heads/value-head.ts';

/**
 * What a bootstrap rule decides from. All arrays are row-major. B counts estimates: with K heads side by side, rows b · K … b · K + K − 1 are
 * the K estimates of one transition.
 */
export interface BootstrapInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** K: estimates of one transition. */
  readonly heads: number;
  /** `[B, A]`: the target network's Q-values at the next observations. */
  readonly targetQ: Float32Array;
  /** `[B, A]`: the online network's Q-values there; empty unless the rule asks for them with `usesOnline`. */
  readonly onlineQ: Float32Array;
  /** `[B, A]`: the target network's Q-values at the observations themselves; empty unless the rule asks for them with `usesCurrent`. */
  readonly currentQ: Float32Array;
  /** `[B]`: the actions taken there. */
  readonly taken: Int32Array;
  /** `[B, A]`: 1 where an action is possible at the next observation, 0 where not. Left out where all are. */
  readonly masks?: Uint8Array | undefined;
  /** Environment steps so far: the clock of schedules. */
  readonly step: number;
}

/** Where a bootstrap rule writes what it decides. */
export interface BootstrapOutput {
  /** `[B, A]`: π(a | s'). Every row must be written: impossible actions get 0, a state with no possible action a row of zeros. */
  readonly policy: Float32Array;
  /** `[B]`, zeros on entry: added to the value of the next state, and so discounted: an entropy for example. */
  readonly bonus: Float32Array;
  /** `[B]`, zeros on entry: added to the reward. */
  readonly rewardBonus: Float32Array;
  /** `[B]`, 0 … B − 1 on entry: the row of the target network's outputs that each row's target is made of; among the K of its own transition. */
  readonly sources: Int32Array;
}

/** What an agent is made of, as far as a rule may refuse it. */
export interface BootstrapContext {
  readonly actions: number;
  readonly nStep: number;
  readonly heads: number;
  readonly head: ValueHead;
}

/**
 * Says how the next state is valued in a Bellman target: `y = r + rewardBonus + γⁿ (Σ_a π(a | s') Q⁻(s', a) + bonus)`. For max and Double all of π's mass
 * is on one action, and there is no bonus.
 */
export interface BootstrapRule {
  /** For example `doubleQ`. */
  readonly kind: string;
  /** Whether the rule needs the online network's Q-values at the next observations (one more forward pass). */
  readonly usesOnline?: boolean;
  /** Whether the rule needs the target network's Q-values at the observations (one more forward pass). */
  readonly usesCurrent?: boolean;
  /** How many independent networks must be trained side by side. Default 1. */
  readonly networks?: number;
  /** Of how many of the last target networks the outputs are averaged. Default 1. */
  readonly targets?: number;
  /** Refuses an agent that the rule makes no sense for. @throws DqnError `invalid-option`. */
  check?(context: BootstrapContext): void;
  /** Writes π and the bonuses. */
  apply(input: BootstrapInput, out: BootstrapOutput): void;
}
