import type { MaybePromise } from '../common/maybe-promise.ts';
import type { ForwardOptions, QNetwork } from './q-network.ts';

/** What an engine must know to tell whether it can run whole updates on its device. */
export interface DeviceUpdateParts {
  /** Learns. */
  readonly online: QNetwork;
  /** The head: a built-in one is known by its class, anything else is a user's own. */
  readonly head: object;
  /** The bootstrap rule, likewise. */
  readonly bootstrap: object;
  /** A. */
  readonly actions: number;
  /** K: estimates of each transition, side by side in the outputs. */
  readonly heads: number;
}

/** Everything that an update is made from. R = B · K rows, those of one transition together. Nothing of it is kept. */
export interface DeviceUpdateInput {
  /** B. */
  readonly size: number;
  /** `[B, inputSize]`. */
  readonly observations: Float32Array;
  /** `[B, inputSize]`. */
  readonly nextObservations: Float32Array;
  /** `[R]`. */
  readonly taken: Int32Array;
  /** `[R]`. */
  readonly rewards: Float32Array;
  /** `[R]`. */
  readonly discounts: Float32Array;
  /** `[R]`. */
  readonly weights: Float32Array;
  /** `[R, A]`: 1 where an action is possible at the next observation; left out where all are. */
  readonly masks?: Uint8Array;
  /** Environment steps so far: the clock of schedules. */
  readonly step: number;
  /** The networks whose mean outputs are the targets' source. */
  readonly targets: readonly QNetwork[];
  /** Noise and fractions of each pass: of the online network at the next observations, of the target network at the observations and at the next ones, and of the pass that learns. */
  readonly passes: Readonly<Record<'online' | 'current' | 'next' | 'learn', ForwardOptions>>;
  /** η. */
  readonly learningRate: number;
  /** The gradient is scaled down to this norm; `Infinity` clips nothing. */
  readonly maxGradientNorm: number;
}

/** The numbers of an update. */
export interface DeviceReport {
  /** Mean of the weighted losses over the rows. */
  readonly loss: number;
  /** Mean of Q(s, a) over the rows. */
  readonly meanQ: number;
  /** Largest Q(s, a) of the rows. */
  readonly maxQ: number;
  /** Mean of |target − estimate| over the rows. */
  readonly meanTdError: number;
  /** Of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Whether the gradient was finite; otherwise the network and its optimiser have stayed as they were. */
  readonly applied: boolean;
  /** `[R]`. */
  readonly tdErrors: Float32Array;
}

/** An update that has been handed to a device. */
export interface PendingUpdate {
  /**
   * The numbers, once the device has come to them; to be called once.
   */
  read(): MaybePromise<DeviceReport>;
}

/** Whole updates on a device: target, loss and gradient are computed where the networks are, and nothing waits for them. */
export interface DeviceUpdate {
  /** Hands an update to the device. The one before must have been read. */
  run(input: DeviceUpdateInput): PendingUpdate;
}
