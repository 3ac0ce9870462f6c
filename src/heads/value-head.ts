/** What a head needs to know of a batch to compute Bellman targets. All arrays are row-major. */
export interface TargetInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[B]`: the (n-step) reward. */
  readonly rewards: Float32Array;
  /** `[B]`: γⁿ where the target may bootstrap, 0 where the episode terminated. */
  readonly discounts: Float32Array;
  /** `[B, A·W]`: the target network's outputs at the next observations. */
  readonly nextOutputs: Float32Array;
  /** `[B, A]`: π(a | s'), the bootstrap rule's distribution over next actions; a row of zeros bootstraps nothing. */
  readonly nextPolicy: Float32Array;
}

/** What a head needs to compute the loss of a batch. */
export interface LossInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[B, A·W]`: the online network's outputs at the observations. */
  readonly outputs: Float32Array;
  /** `[B]`: the actions taken. */
  readonly taken: Int32Array;
  /** `[B, targetWidth]`: what {@link ValueHead.targets} gave. */
  readonly targets: Float32Array;
  /** `[B]`: importance weights; all ones for uniform replay. */
  readonly weights: Float32Array;
}

/** Where a head writes the loss of a batch. */
export interface LossOutput {
  /** `[B, A·W]`, filled with zeros on entry: ∂(mean over b of weights[b] · losses[b]) / ∂ outputs. */
  readonly gradient: Float32Array;
  /** `[B]`: the loss of each sample, unweighted. */
  readonly losses: Float32Array;
  /** `[B]`: target − estimate, for priorities and diagnostics. */
  readonly tdErrors: Float32Array;
}

/**
 * What the outputs `[B, A·W]` of a network mean as action values, and how they are moved towards Bellman targets: pure
 * functions on typed arrays, the same on every engine.
 */
export interface ValueHead {
  /** For example `expected`. */
  readonly kind: string;
  /** W: network outputs per action. */
  readonly width: number;
  /** Numbers in a target per sample. */
  readonly targetWidth: number;
  /** Writes Q(s, a) `[B, A]` from outputs `[B, A·W]`. */
  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void;
  /** Writes the Bellman target of each sample, `[B, targetWidth]`. */
  targets(input: TargetInput, out: Float32Array): void;
  /** Writes loss, TD error and gradient. */
  loss(input: LossInput, out: LossOutput): void;
}
