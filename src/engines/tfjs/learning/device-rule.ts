import type { Tensor } from '@tensorflow/tfjs-core';

/** What a rule decides from. */
export interface DeviceRuleInput {
  /** `[R, A]`: the target network's Q-values at the next observations. */
  readonly targetQ: Tensor;
  /** `[R, A]`: the online network's, for a rule that asks for them. */
  readonly onlineQ: Tensor | undefined;
  /** `[R, A]`: the target network's at the observations, for a rule that asks for them. */
  readonly currentQ: Tensor | undefined;
  /** `[R, A]`: 1 for the action taken there, 0 for the others. */
  readonly taken: Tensor;
  /** `[R, A]`, a condition: which actions are possible at the next observations; `undefined` where all are. */
  readonly possible: Tensor | undefined;
  /** Environment steps so far. */
  readonly step: number;
}

/** What a rule decides. */
export interface DeviceBackup {
  /** π(a | s') `[R, A]`. */
  readonly policy: Tensor;
  /** `[R, 1]`: added to the value of the next state. */
  readonly bonus?: Tensor;
  /** `[R, 1]`: added to the reward. */
  readonly rewardBonus?: Tensor;
  /** The outputs `[R, outputs]` that targets are made of, where they are not those of the row's own estimate. */
  readonly choose?: (nextOutputs: Tensor) => Tensor;
}

/** A built-in bootstrap rule as tensor operations: the same functions as those of the `BootstrapRule` of its name. */
export interface DeviceRule {
  readonly usesOnline: boolean;
  readonly usesCurrent: boolean;
  apply(input: DeviceRuleInput): DeviceBackup;
}
