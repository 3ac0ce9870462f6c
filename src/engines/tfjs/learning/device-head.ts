import type { Tensor } from '@tensorflow/tfjs-core';

/** What targets are made of. R rows, as many as there are estimates. */
export interface DeviceTargetInput {
  /** `[R, 1]`, with what the rule adds. */
  readonly rewards: Tensor;
  /** `[R, 1]`. */
  readonly discounts: Tensor;
  /** `[R, outputs]`. */
  readonly nextOutputs: Tensor;
  /** `[R, A]`. */
  readonly nextPolicy: Tensor;
}

/** What a loss is made of. */
export interface DeviceLossInput {
  /** `[R, outputs]`. */
  readonly outputs: Tensor;
  /** `[R, A]`: 1 for the action taken, 0 for the others. */
  readonly taken: Tensor;
  /** `[R, targetWidth]`. */
  readonly targets: Tensor;
  /** `[R, 1]`: `weights[b] / R`. */
  readonly scales: Tensor;
  /** `[R, N]`, for a head that draws fractions. */
  readonly fractions: Tensor | undefined;
}

/** What a loss is. */
export interface DeviceLoss {
  /** `[R, outputs]`: ∂(Σ_b scales[b] · losses[b]) / ∂ outputs. */
  readonly gradient: Tensor;
  /** `[R, 1]`. */
  readonly losses: Tensor;
  /** `[R, 1]`. */
  readonly tdErrors: Tensor;
  /** `[R, 1]`. */
  readonly estimates: Tensor;
}

/**
 * A built-in value head as tensor operations: the same functions as those of the `ValueHead` of its name, in single precision. A NaN or an infinite number among a row's outputs
 * makes its loss NaN, also at actions that take no part.
 */
export interface DeviceHead {
  /** For a head that draws fractions: from outputs at the next observations to those that targets are made of and those that the next action is chosen by. */
  split?(nextOutputs: Tensor): { readonly target: Tensor; readonly act: Tensor };
  /** Q(s, a) `[R, A]` of outputs `[R, outputs]`. */
  qValues(outputs: Tensor): Tensor;
  /** `[R, targetWidth]`. */
  targets(input: DeviceTargetInput): Tensor;
  loss(input: DeviceLossInput): DeviceLoss;
}
