import { PlainCategoricalRows } from './categorical-plain.ts';
import type { Support } from './categorical-projection.ts';
import { SimdCategoricalRows, instantiateKernels } from './categorical-simd.ts';

/** What targets are made of; shapes as in the head's own. */
export interface CategoricalTargetInput {
  readonly batch: number;
  readonly actions: number;
  readonly rewards: Float32Array;
  readonly discounts: Float32Array;
  readonly nextOutputs: Float32Array;
  readonly nextPolicy: Float32Array;
}

/** What a loss is made of. */
export interface CategoricalLossInput {
  readonly batch: number;
  readonly actions: number;
  readonly outputs: Float32Array;
  readonly taken: Int32Array;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
}

/** Where a loss goes. */
export interface CategoricalLossOutput {
  readonly gradient: Float32Array;
  readonly losses: Float32Array;
  readonly tdErrors: Float32Array;
  readonly estimates: Float32Array;
}

/** The arithmetic of categorical distributions, row by row; nothing is kept from call to call. */
export interface CategoricalRows {
  /** Writes the means of `rows` distributions, given their logits `[rows, atoms]`. */
  means(logits: Float32Array, rows: number, out: Float32Array): void;
  /** Writes projected distributions `[batch, atoms]`; gives the share of their mass that fell outside the support. */
  targets(input: CategoricalTargetInput, out: Float32Array): number;
  /** Writes cross-entropies, divergences, means and gradients of the actions taken. */
  loss(input: CategoricalLossInput, out: CategoricalLossOutput): void;
}

/** By WebAssembly SIMD where the platform has it, which is four times as fast; by plain loops elsewhere. The two agree to about 10⁻⁶. */
export function categoricalRows(support: Support): CategoricalRows {
  const kernels = instantiateKernels();
  return kernels ? new SimdCategoricalRows(support, kernels) : new PlainCategoricalRows(support);
}
