import type { ParameterInfo } from '../../networks/plan.ts';
import type { Panels } from './panels.ts';

/** A parameter's place among the numbers of its layer. */
export interface ParameterPlace extends ParameterInfo {
  readonly panels: Panels;
  /** Where it begins, in bytes from the layer's first parameter. */
  readonly offset: number;
}

/** Rows of numbers: the first row's address, and bytes from one row to the next. */
export interface Rows {
  at: number;
  readonly stride: number;
}

/** Where a layer keeps what it computes for a batch. */
export interface LayerBuffers {
  /** The arguments of the activation where its derivative needs them; otherwise unused. */
  arguments: number;
  /** Outputs. */
  readonly outputs: Rows;
  /** Per row the mean and the inverse deviation, for a layer normalisation; otherwise unused. */
  statistics: number;
}

/** One layer, run by the kernels. Parameters and gradients are given by the address of the layer's first one. */
export interface WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  /** Numbers in its parameters, padding included. */
  readonly size: number;
  /** Numbers in one row of outputs. */
  readonly outputSize: number;
  /** Numbers from one row of outputs to the next; what lies behind the outputs is undefined. */
  readonly outputStride: number;
  /** Whether the derivative of its activation needs the activation's arguments. */
  readonly keepsArguments: boolean;
  /** Numbers of working space that the backward pass needs. */
  readonly workSize: number;

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers): void;

  /**
   * Turns ∂L/∂outputs in `d` into the gradient of the parameters and ∂L/∂inputs in `dInput` (left out for the first
   * layer). Overwrites `d`. Behind its numbers `d` holds zeros up to the padded width of the outputs, and so will `dInput`.
   */
  backward(
    parameters: number,
    gradient: number,
    work: number,
    input: Rows,
    batch: number,
    buffers: LayerBuffers,
    d: Rows,
    dInput: Rows | undefined,
  ): void;
}

/**
 * Numbers from one row of a batch to the next, for rows of `width` numbers: an odd number of cache lines where rows are
 * long, since rows a power of two apart would compete for the same places in the cache.
 */
export function rowStride(width: number): number {
  if (width < 64) return width;
  const lines = Math.ceil(width / 16);
  return (lines % 2 === 0 ? lines + 1 : lines) * 16;
}
