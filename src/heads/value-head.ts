import type { Random } from '../common/random.ts';
import type { QuantileLayer } from '../networks/network-factory.ts';

/** What a head needs to know of a batch to compute Bellman targets. All arrays are row-major. */
export interface TargetInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[B]`: the (n-step) reward, with what the bootstrap rule adds to it. */
  readonly rewards: Float32Array;
  /** `[B]`: γⁿ where the target may bootstrap, 0 where the episode terminated. */
  readonly discounts: Float32Array;
  /** `[B, outputs]`: the target network's outputs at the next observations. */
  readonly nextOutputs: Float32Array;
  /** `[B, A]`: π(a | s'), the bootstrap rule's distribution over next actions; a row of zeros bootstraps nothing. */
  readonly nextPolicy: Float32Array;
  /** `[B, N']`: the fractions that `nextOutputs` were asked for, for a head that draws them; otherwise empty. */
  readonly nextFractions: Float32Array;
}

/** What a head needs to compute the loss of a batch. */
export interface LossInput {
  /** B. */
  readonly batch: number;
  /** A. */
  readonly actions: number;
  /** `[B, outputs]`: the online network's outputs at the observations. */
  readonly outputs: Float32Array;
  /** `[B]`: the actions taken. */
  readonly taken: Int32Array;
  /** `[B, targetWidth]`: what {@link ValueHead.targets} gave. */
  readonly targets: Float32Array;
  /** `[B]`: importance weights; all ones for uniform replay. */
  readonly weights: Float32Array;
  /** `[B, N]`: the fractions that `outputs` were asked for, for a head that draws them; otherwise empty. */
  readonly fractions: Float32Array;
}

/** Where a head writes the loss of a batch. */
export interface LossOutput {
  /** `[B, outputs]`, filled with zeros on entry: ∂(mean over b of weights[b] · losses[b]) / ∂ outputs. */
  readonly gradient: Float32Array;
  /** `[B]`: the loss of each sample, unweighted. */
  readonly losses: Float32Array;
  /** `[B]`: target − estimate, or for a distribution how far it is from its target: for priorities (as |·|) and diagnostics. */
  readonly tdErrors: Float32Array;
  /** `[B]`: Q(s, a) of the actions taken. */
  readonly estimates: Float32Array;
}

/** What fractions are drawn for: to act, for the estimate that learns, or for its target. */
export type FractionUse = 'act' | 'online' | 'target';

/** How a head of implicit quantiles draws its fractions. */
export interface FractionSource {
  /** How many fractions a row of observations gets for each use: K, N and N'. */
  readonly counts: Readonly<Record<FractionUse, number>>;
  /**
   * Fills `out`, rows of `counts[use]`, with fractions in [0, 1]; those to act by are distorted by the head's measure of risk. Without a source of
   * randomness, as in evaluation, the same evenly spread ones.
   */
  draw(use: FractionUse, out: Float32Array, random?: Random): void;
}

/**
 * What the outputs of a network mean as action values, and how they are moved towards Bellman targets: pure functions on typed arrays, the same
 * on every engine. A row of outputs is `[A, W]`, or `[N, A]` for N fractions of a head that draws them.
 */
export interface ValueHead {
  /** For example `expected`. */
  readonly kind: string;
  /** W: network outputs per action (and fraction). */
  readonly width: number;
  /** Numbers in a target per sample. */
  readonly targetWidth: number;
  /** Whether Q(s, a) is linear in the outputs, so that the mean of several networks' outputs means the mean of their values. */
  readonly linear: boolean;
  /**
   * Whether {@link ValueHead.loss} reads the outputs of the action taken alone, `W` of them from `taken[b] · W` on, so that an engine may spare itself the
   * others. Default: it may read all.
   */
  readonly readsTakenAlone?: boolean | undefined;
  /** For a head whose network takes quantile fractions: the layer that must stand last in it. */
  readonly quantiles?: QuantileLayer;
  /** For a head that draws the fractions itself. */
  readonly fractions?: FractionSource;
  /** What else tells heads of this kind apart, as plain data: support, fractions. Kept in files, so that weights are not read with another meaning. */
  readonly settings?: Readonly<Record<string, number | string | boolean>> | undefined;
  /** Writes Q(s, a) `[B, A]` from outputs, which have exactly `batch` rows. */
  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void;
  /** Writes the Bellman target of each sample, `[B, targetWidth]`. */
  targets(input: TargetInput, out: Float32Array): void;
  /** Writes loss, TD error and gradient. */
  loss(input: LossInput, out: LossOutput): void;
  /**
   * Adds to `gradient` `[B, outputs]` what a gradient with respect to Q-values, `qGradient` `[B, A]`, is with respect to the outputs: `Σ_a qGradient[b, a] ∂Q(s, a) / ∂ outputs`. For
   * what adds to the loss something that depends on Q-values, as `conservative` does; left out by heads that cannot be learned from so.
   */
  pullBack?(outputs: Float32Array, batch: number, actions: number, qGradient: Float32Array, gradient: Float32Array): void;
}
