import type { Answer, MaybePromise, Timing } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { DeviceUpdate, DeviceUpdateParts } from './device-update.ts';
import type { OptimizerSpec } from './optimizers.ts';
import type { NetworkSpec } from './spec.ts';

/** A named parameter, for example `layers.0.weight` `[K, N]` row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes the gradient of the loss with respect to the outputs, given the outputs. Both are `[B, outputSize]` row-major and
 * valid during the call alone; `gradient` arrives filled with zeros. It already contains the mean over the batch: the engine sums over rows.
 */
export type OutputGradient = (outputs: Float32Array, gradient: Float32Array, batch: number) => void;

/** What a pass through a network may take beside the observations. */
export interface ForwardOptions {
  /**
   * Noisy layers draw their noise from this number: the same number, the same noise in every row. Left out: no noise, so that they are dense layers
   * of their means.
   */
  readonly noise?: number;
  /** `[batch, N]`, row-major, exactly: the fractions in [0, 1] to give quantiles at, for a network with `implicitQuantiles`. One row of outputs then is `[N, outputSize]`. */
  readonly fractions?: Float32Array;
  /**
   * T: the rows are T steps of batch / T sequences, step after step (`[T, batch / T, inputSize]`), through which a recurrent network carries its state.
   * Default 1.
   */
  readonly steps?: number;
  /** `[batch / steps, stateSize]`: the state of a recurrent network before the first step. `forward` writes the state after the last one into it; `update` leaves it. Zeros where left out. */
  readonly state?: Float32Array;
}

/** The outputs that matter: of each row one of the groups of equal width that the outputs fall into. */
export interface OutputFocus {
  /** Outputs in a group, a divisor of `outputSize`. Group g is outputs `g · width … (g + 1) · width − 1`. */
  readonly width: number;
  /** `[batch]` (may be longer): the group of each row. */
  readonly groups: Int32Array;
}

/** What one update may change from call to call. */
export interface UpdateOptions extends ForwardOptions {
  /** η, at least 0. */
  readonly learningRate: number;
  /** The gradient of all parameters together is scaled down to this Euclidean norm if it is longer. Default: no clipping. */
  readonly maxGradientNorm?: number;
  /**
   * A promise that an engine may use to spare work: the gradient function reads no other outputs, which may be any numbers then, and leaves
   * their gradient zero. Default: it may read and write all.
   */
  readonly focus?: OutputFocus;
}

/**
 * A network run forwards and backwards by an engine: the port behind which all of Q-learning is engine-free.
 * `M` says whether it answers at once. Names of weights and layout of values are the same on every engine, so weights
 * and optimiser state move between engines.
 */
export interface QNetwork<M extends Timing = Timing> {
  /** The network as data. */
  readonly spec: NetworkSpec;
  /** Numbers in one observation. */
  readonly inputSize: number;
  /** Numbers in one row of outputs; per fraction where fractions are given. */
  readonly outputSize: number;
  /** Numbers in the recurrent state of one sequence; 0 without memory. */
  readonly stateSize: number;

  /**
   * Outputs `[batch, outputSize]` for observations `[batch, inputSize]` (either may be longer; the rest is ignored). The result is a view that is
   * valid until the next call on this network.
   * @throws DqnError `invalid-option` on a wrong length, `disposed` after `dispose()`.
   */
  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Answer<Float32Array, M>;

  /**
   * One training step: forward, the caller's gradient with respect to the outputs, backward, clip, optimiser.
   * Gives the global gradient norm before clipping. Where that is not finite nothing has been changed. On an engine whose device is lost meanwhile and recovered the step begins
   * again, and the gradient is asked for again.
   * @throws DqnError `diverged` if the gradient is NaN or infinite (weights and optimiser untouched), `invalid-option` on a
   * wrong length or if the network was built without an optimiser.
   */
  update(observations: Float32Array, batch: number, gradient: OutputGradient, options: UpdateOptions): Answer<number, M>;

  /** θ ← θ_source. @throws DqnError `invalid-option` if the specs differ. */
  copyFrom(source: QNetwork): Answer<void, M>;

  /** θ ← (1 − tau) θ + tau θ_source. @throws DqnError `invalid-option` if the specs differ. */
  blendFrom(source: QNetwork, tau: number): Answer<void, M>;

  /** Copies of all parameters, in the order of the layers. */
  weights(): Answer<NamedTensor[], M>;

  /** @throws DqnError `incompatible-checkpoint` naming the first tensor that is missing or has another shape; nothing is changed then. */
  setWeights(weights: readonly NamedTensor[]): Answer<void, M>;

  /** Copies of the optimiser's state: `step` (shape `[1]`) and per parameter `layers.0.weight.m` and the like. Empty without an optimiser. */
  optimizerState(): Answer<NamedTensor[], M>;

  /** @throws DqnError `incompatible-checkpoint` as {@link QNetwork.setWeights}. */
  setOptimizerState(state: readonly NamedTensor[]): Answer<void, M>;

  /** Frees the network's memory; any later call throws `disposed`. Twice is harmless. */
  dispose(): void;
}

/** What an engine needs to build a network. */
export interface NetworkOptions {
  /** Draws the first weights; the same state gives the same weights. */
  readonly random: Random;
  /** Leave out for a network that is never trained, such as a target network. */
  readonly optimizer?: OptimizerSpec;
}

/** Builds and runs networks on one kind of device. */
export interface Engine<M extends Timing = Timing> {
  /** For example `wasm` or `tfjs`. */
  readonly kind: string;
  /** What it runs on, for people: `WebAssembly SIMD`, `WebGPU …`. */
  readonly description: string;
  /**
   * Loads what networks of this spec need; to be awaited before `createNetwork`, as `createAgent` and `loadPolicy` do. Left out where nothing is loaded on demand.
   * @throws DqnError `invalid-option` if the spec is malformed, `file-failed` if the code cannot be loaded.
   */
  prepare?(spec: NetworkSpec): MaybePromise<void>;
  /** @throws DqnError `invalid-option` if the spec is malformed, `not-loaded` before {@link Engine.prepare}, `out-of-memory`, `disposed`. */
  createNetwork(spec: NetworkSpec, options: NetworkOptions): Answer<QNetwork<M>, M>;
  /**
   * Whole updates on the engine's device, where reading the outputs of each would cost more than it gains; `undefined` for a head or rule that it does not know, which then
   * learns through the core as on every engine. Left out by an engine that has none.
   */
  deviceUpdate?(parts: DeviceUpdateParts): DeviceUpdate | undefined;
  /** Frees everything, the engine's networks included. */
  dispose(): void;
}
