import type { ParameterInfo } from '../../networks/plan.ts';
import type { Arena } from './arena.ts';
import type { GroupedRows } from './grouped-rows.ts';
import type { Matrix } from './panels.ts';

/** A parameter's place among the numbers of its layer. */
export interface ParameterPlace extends ParameterInfo {
  readonly panels: Matrix;
  /** Where it begins, in bytes from the layer's first parameter. */
  readonly offset: number;
}

/** Rows of numbers: the first row's address, and bytes from one row to the next. */
export interface Rows {
  at: number;
  readonly stride: number;
}

/** What all layers of one pass through a network share. */
export interface Pass {
  /** The number that noisy layers draw their noise from; `undefined` for none. */
  noise: number | undefined;
  /** The address of the fractions `[rows, samples]`. */
  fractions: number;
  /** N: fractions of each row; 1 where there are none. */
  samples: number;
  /** T: the rows at the entry are T steps of rows / T sequences. */
  steps: number;
  /** The address of the recurrent states `[rows / steps, stateSize]`, which a forward pass carries on. */
  states: number;
  /** Where each row is about one group of the network's outputs: a last layer that {@link WasmLayer.focuses} needs no others. */
  focus: GroupedRows | undefined;
}

/** What memory must suffice for. */
export interface Capacity {
  readonly rows: number;
  readonly samples: number;
  /** Whether backward passes will follow. */
  readonly keep: boolean;
}

/**
 * A layer with memory to run in. A pass backward follows a pass forward of as many rows, with the same parameters. Parameters and gradients
 * are given by the address of the layer's first one.
 */
export interface LayerRun {
  /** Computes the outputs, and says where they are: in memory of the layer's own, or where the inputs are. What lies behind a row's numbers is undefined. */
  forward(parameters: number, input: Rows, rows: number, pass: Pass): Rows;

  /**
   * Turns ∂L/∂outputs in `d` into the gradient of the parameters and ∂L/∂inputs in `dInput` (left out for the first
   * layer). Overwrites `d`. Behind its numbers `d` holds zeros up to the padded width of the outputs, and so will `dInput`.
   */
  backward(parameters: number, gradient: number, input: Rows, rows: number, d: Rows, dInput: Rows | undefined, pass: Pass): void;
}

/** Parameters whose learning rate differs from the others'. */
export interface RateRange {
  /** In bytes from the layer's first parameter. */
  readonly offset: number;
  /** Numbers, a multiple of 4. */
  readonly size: number;
  readonly factor: number;
}

/** One layer of a network, with the layers within. */
export interface WasmLayer {
  /** Its own, then those of the layers within: the order of `parametersOf`. */
  readonly parameters: readonly ParameterPlace[];
  /** Numbers in its parameters, padding included: a multiple of 4. */
  readonly size: number;
  /** Numbers in one row of outputs. */
  readonly outputSize: number;
  /** Numbers from one row of outputs to the next. */
  readonly outputStride: number;
  /** Left out where all parameters learn at one rate. */
  readonly rates?: readonly RateRange[];
  /** Whether it can compute of each row one group of its outputs alone. Only of the last layer of a network is it asked to. */
  readonly focuses?: boolean;
  /** Takes memory and gives the layer that runs in it. */
  bind(arena: Arena, capacity: Capacity): LayerRun;
}

/** Where a plain layer keeps what it computes for a batch. */
export interface LayerBuffers {
  /** The arguments of the activation where its derivative needs them; otherwise where the outputs are. */
  readonly arguments: number;
  /** Outputs. */
  readonly outputs: Rows;
  /** Per row the mean and the inverse deviation, for a layer normalisation; otherwise unused. */
  readonly statistics: number;
  /** Working space. */
  readonly work: number;
}

/** A layer without layers within, noise or memory: a function of its inputs and parameters. */
export interface PlainLayer {
  readonly parameters: readonly ParameterPlace[];
  /** Numbers in its parameters, padding included. */
  readonly size: number;
  /** Numbers in one row of outputs. */
  readonly outputSize: number;
  /** Numbers from one row of outputs to the next; what lies behind the outputs is undefined. */
  readonly outputStride: number;
  /** Whether the derivative of its activation needs the activation's arguments. */
  readonly keepsArguments: boolean;
  /** Numbers of working space, zero at first. */
  readonly workSize: number;
  /** Whether the forward pass needs the working space too. */
  readonly worksForward?: boolean;

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers, focus?: GroupedRows): void;

  /** As {@link LayerRun.backward}, with the working space of its buffers. */
  backward(
    parameters: number,
    gradient: number,
    work: number,
    input: Rows,
    batch: number,
    buffers: LayerBuffers,
    d: Rows,
    dInput: Rows | undefined,
    focus?: GroupedRows,
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
