import type { NetworkSpec } from './spec.ts';

/** What a network must take in and give out: known once the environment and the value head are. */
export interface NetworkIo {
  /** The shape of one observation. */
  readonly inputShape: readonly number[];
  /** Every input is multiplied by this first; 1/255 for bytes. Default 1. */
  readonly inputScale?: number;
  /** Numbers in one row of outputs: actions times outputs per action. */
  readonly outputSize: number;
}

/** A network still to be sized: what `network:` takes. Write your own as `{ kind, build }`. */
export interface NetworkFactory {
  /** For example `mlp`. */
  readonly kind: string;
  /** The network for these inputs and outputs, as data. */
  build(io: NetworkIo): NetworkSpec;
}
