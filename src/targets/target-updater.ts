import type { QNetwork } from '../networks/q-network.ts';
import type { MaybePromise } from '../common/maybe-promise.ts';

/** What a target updater sees. */
export interface TargetContext {
  readonly online: QNetwork;
  readonly target: QNetwork;
  /** Environment steps so far, this one included. */
  readonly step: number;
  /** Gradient updates so far. */
  readonly updates: number;
}

/** Moves the target network towards the online one. */
export interface TargetUpdater {
  /** For example `hard`. */
  readonly kind: string;
  /** Whether it blends the networks' weights, which a mean over several copies cannot follow. Default false. */
  readonly blends?: boolean;
  /** Called after every environment step (once for each environment of a vector). */
  afterStep?(context: TargetContext): MaybePromise<void>;
  /** Called after every gradient update. */
  afterUpdate?(context: TargetContext): MaybePromise<void>;
}
