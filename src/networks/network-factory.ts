import type { MaybePromise } from '../common/maybe-promise.ts';
import type { NamedTensor } from './q-network.ts';
import type { ImplicitQuantilesSpec, NetworkSpec, ProposedQuantilesSpec } from './spec.ts';

/** How a head's quantile fractions enter the network, as the layer that must then stand last, but for the layers within it. */
export type QuantileLayer = Omit<ImplicitQuantilesSpec, 'layers'> | Omit<ProposedQuantilesSpec, 'layers'>;

/** What a network must take in and give out: known once the environment and the value head are. */
export interface NetworkIo {
  /** The shape of one observation. */
  readonly inputShape: readonly number[];
  /** Every input is multiplied by this first; for bytes 1 / the largest. Default 1. */
  readonly inputScale?: number | undefined;
  /** A: number of actions. */
  readonly actions: number;
  /** W: outputs per action. */
  readonly width: number;
  /** K: estimates of all actions side by side, each `[A, W]`; more than 1 for bootstrapped heads. */
  readonly heads: number;
  /** Numbers in one row of outputs, K · A · W; for quantiles at fractions, per fraction. */
  readonly outputSize: number;
  /** For a head whose network takes fractions: the layer that must stand last. */
  readonly quantiles?: QuantileLayer | undefined;
}

/** A network still to be sized: what `network:` takes. Write your own as `{ kind, build }`. */
export interface NetworkFactory<Recurrent extends boolean = boolean> {
  /** For example `mlp`. */
  readonly kind: string;
  /** Whether it remembers from step to step: it then learns from sequences. Default false. */
  readonly recurrent?: Recurrent;
  /** The network for these inputs and outputs, as data. */
  build(io: NetworkIo): NetworkSpec;
  /** Weights to start with, by their names in the spec; all others are drawn. Asked for once an agent. Default none. */
  initialWeights?(): MaybePromise<readonly NamedTensor[]>;
}
